using OrleansDL.Collectives;
using OrleansDL.Data;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>Batches picked from one tensor that holds every row on the device.</summary>
internal sealed class KeptBatches : Batches
{
    private readonly Tensor _inputs;
    private readonly Tensor? _targets;
    private readonly Device _device;
    private readonly int _size;
    private readonly int _rows;
    private readonly RankShare _share;
    private readonly long[] _samples;
    private Tensor? _order;
    private int _batch;

    public KeptBatches(EncodedRows rows, TrainingData data, int size, Device device, RankShare share)
    {
        (_size, _rows, _device, _share) = (size, rows.Count, device, share);
        _samples = new long[_rows];
        _inputs = Whole(rows.Floats, rows.Tokens, [rows.Count, .. data.Pipeline.RowShape], device);
        _targets = data.Target.Bytes == 0 ? null : Whole(rows.Values, rows.Numbers, [rows.Count, .. data.Target.Shape], device);
    }

    public override void Begin(SampleOrder order, int batch)
    {
        order.Fill(0, _samples);
        _order?.Dispose();
        _order = tensor(_samples, device: _device).DetachFromDisposeScope();
        _batch = batch;
    }

    public override Batch Next()
    {
        var start = (int)((long)_batch++ * _size);
        var (skipped, count) = _share.Taken(Math.Min(_size, _rows - start));
        start += skipped;
        var rows = _order!.narrow(0, start, count);
        var inputs = _inputs.index_select(0, rows);
        return new Batch(inputs, _targets?.index_select(0, rows) ?? inputs, _samples.AsMemory(start, count));
    }

    public override void Dispose()
    {
        _inputs.Dispose();
        _targets?.Dispose();
        _order?.Dispose();
    }

    private static Tensor Whole(float[]? values, long[]? numbers, long[] shape, Device device) =>
        values is not null ? tensor(values, shape, device: device) : tensor(numbers!, shape, device: device);
}
