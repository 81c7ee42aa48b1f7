using OrleansDL.Data;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>Batches picked from one tensor that holds every row on the device.</summary>
internal sealed class KeptBatches : Batches
{
    private readonly Tensor _inputs;
    private readonly Tensor _labels;
    private readonly Device _device;
    private readonly int _size;
    private readonly int _rows;
    private Tensor? _order;
    private int _batch;

    public KeptBatches(EncodedRows rows, IReadOnlyList<long> shape, int size, Device device)
    {
        (_size, _rows, _device) = (size, rows.Count, device);
        long[] whole = [rows.Count, .. shape];
        _inputs = rows.Floats is { } floats ? tensor(floats, whole, device: device) : tensor(rows.Tokens!, whole, device: device);
        _labels = tensor(rows.Labels, device: device);
    }

    public override void Begin(SampleOrder order, int batch)
    {
        var rows = new long[_rows];
        order.Fill(0, rows);
        _order?.Dispose();
        _order = tensor(rows, device: _device).DetachFromDisposeScope();
        _batch = batch;
    }

    public override (Tensor Inputs, Tensor Labels) Next()
    {
        var start = (long)_batch++ * _size;
        var rows = _order!.narrow(0, start, Math.Min(_size, _rows - start));
        return (_inputs.index_select(0, rows), _labels.index_select(0, rows));
    }

    public override void Dispose()
    {
        _inputs.Dispose();
        _labels.Dispose();
        _order?.Dispose();
    }
}
