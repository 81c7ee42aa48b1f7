using System.Runtime.InteropServices;
using OrleansDL.Pipelines;
using OrleansDL.Serving;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace OrleansDL.Training;

/// <summary>Room for one batch in memory of libtorch's own, used again and again.</summary>
internal sealed unsafe class BatchSlot : IDisposable
{
    private readonly byte* _bytes;
    private readonly int _rowBytes;

    public BatchSlot(Pipeline pipeline, int rows)
    {
        if ((long)rows * pipeline.RowBytes > int.MaxValue)
        {
            throw new TooLargeException($"A batch of {rows} rows of {pipeline.RowBytes} bytes has 2 GiB or more. Lower batchSize.");
        }

        _rowBytes = pipeline.RowBytes;
        Inputs = empty([rows, .. pipeline.RowShape], dtype: pipeline.ElementType is TensorElementType.Int64 ? ScalarType.Int64 : ScalarType.Float32).DetachFromDisposeScope();
        LabelTensor = empty([rows], dtype: ScalarType.Int64).DetachFromDisposeScope();
        _bytes = (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(Inputs.bytes));
        Labels = new long[rows];
    }

    /// <summary>Whole, also when the batch is shorter.</summary>
    public Tensor Inputs { get; }

    public Tensor LabelTensor { get; }

    public long[] Labels { get; }

    /// <summary>Rows of the batch in it.</summary>
    public int Count { get; private set; }

    /// <summary>Number of the batch in it; -1 before the first.</summary>
    public int Batch { get; set; } = -1;

    public Span<byte> Row(int row) => new(_bytes + ((long)row * _rowBytes), _rowBytes);

    /// <summary>Says how many rows were written, and shows their labels to libtorch.</summary>
    public void Complete(int count)
    {
        Count = count;
        MemoryMarshal.AsBytes(Labels.AsSpan(0, count)).CopyTo(LabelTensor.bytes);
    }

    public void Dispose()
    {
        Inputs.Dispose();
        LabelTensor.Dispose();
    }
}
