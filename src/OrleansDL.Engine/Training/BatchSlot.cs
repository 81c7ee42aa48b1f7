using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OrleansDL.Data;
using OrleansDL.Serving;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace OrleansDL.Training;

/// <summary>Room for one batch in memory of libtorch's own, used again and again.</summary>
internal sealed unsafe class BatchSlot : IDisposable
{
    private readonly byte* _inputs;
    private readonly byte* _targets;
    private readonly byte* _partners;
    private readonly int _inputBytes;
    private readonly int _targetBytes;

    /// <param name="data">What is read.</param>
    /// <param name="rows">Rows of a batch.</param>
    /// <param name="mixes">Whether rows are mixed with others, whose targets are kept too.</param>
    public BatchSlot(TrainingData data, int rows, bool mixes = false)
    {
        Samples = new long[rows];
        (_inputBytes, _targetBytes) = (data.Pipeline.RowBytes, data.Target.Bytes);
        if ((long)rows * Math.Max(_inputBytes, _targetBytes) > int.MaxValue)
        {
            throw new TooLargeException($"A batch of {rows} rows of {Math.Max(_inputBytes, _targetBytes)} bytes has 2 GiB or more. Lower batchSize.");
        }

        Inputs = Allocate(rows, data.Pipeline.RowShape, data.Pipeline.ElementType);
        _inputs = Address(Inputs);
        if (_targetBytes > 0)
        {
            Targets = Allocate(rows, data.Target.Shape, data.Target.ElementType);
            _targets = Address(Targets);
        }

        if (mixes && _targetBytes > 0)
        {
            Partners = Allocate(rows, data.Target.Shape, data.Target.ElementType);
            _partners = Address(Partners);
        }
    }

    /// <summary>Whole, also when the batch is shorter.</summary>
    public Tensor Inputs { get; }

    /// <summary>The rows' targets; null when the inputs are their own.</summary>
    public Tensor? Targets { get; }

    /// <summary>Targets of the rows that are mixed in; null when none are, or when the inputs are their own.</summary>
    public Tensor? Partners { get; }

    /// <summary>What part of each row is its own.</summary>
    public double Share { get; set; } = 1;

    /// <summary>Number of each row among those of its side.</summary>
    public long[] Samples { get; }

    /// <summary>Rows of the batch in it.</summary>
    public int Count { get; set; }

    /// <summary>Number of the batch in it; -1 before the first.</summary>
    public int Batch { get; set; } = -1;

    public Span<byte> Row(int row) => new(_inputs + ((long)row * _inputBytes), _inputBytes);

    public Span<byte> Target(int row) => new(_targets + ((long)row * _targetBytes), _targetBytes);

    public Span<byte> Partner(int row) => new(_partners + ((long)row * _targetBytes), _partners is null ? 0 : _targetBytes);

    /// <summary>Its rows on a device; good as long as the slot is not written again.</summary>
    public Batch On(Device device)
    {
        var inputs = Inputs.narrow(0, 0, Count).to(device);
        return new Batch(
            inputs,
            Targets is null ? inputs : Targets.narrow(0, 0, Count).to(device),
            Samples.AsMemory(0, Count),
            Partners?.narrow(0, 0, Count).to(device),
            Share);
    }

    public void Dispose()
    {
        Inputs.Dispose();
        Targets?.Dispose();
        Partners?.Dispose();
    }

    private static Tensor Allocate(int rows, IReadOnlyList<long> shape, TensorElementType type) =>
        empty([rows, .. shape], dtype: type is TensorElementType.Int64 ? ScalarType.Int64 : ScalarType.Float32).DetachFromDisposeScope();

    private static byte* Address(Tensor tensor) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));
}
