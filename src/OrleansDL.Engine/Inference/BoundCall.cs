using Microsoft.ML.OnnxRuntime;
using OrleansDL.Serving;

namespace OrleansDL.Inference;

/// <summary>Pinned buffers for one input shape, bound to the session once and used by one caller at a time: a call through it allocates nothing.</summary>
internal sealed class BoundCall : IDisposable
{
    private readonly InferenceSession _session;
    private readonly OrtIoBinding _binding;
    private readonly WatchedRun _run;
    private readonly List<OrtValue> _values = [];

    public BoundCall(InferenceSession session, TensorSpec input, long[] shape, IReadOnlyList<TensorSpec> outputs, WatchedRun run)
    {
        (_session, _run) = (session, run);
        _binding = session.CreateIoBinding();
        Shape = shape;
        Input = Allocate(input.Type, shape, out var inputValue);
        _binding.BindInput(input.Name, inputValue);
        Outputs = [.. outputs.Select(output => Bind(output, shape[0]))];
        Answers = [.. Outputs.Select(output => (ReadOnlyMemory<byte>)output)];
    }

    public long[] Shape { get; }

    public byte[] Input { get; }

    /// <summary>The outputs' buffers, in the order of the signature.</summary>
    public byte[][] Outputs { get; }

    /// <summary>The same, only to read.</summary>
    public ReadOnlyMemory<byte>[] Answers { get; }

    /// <exception cref="OperationCanceledException">It was cancelled, which ends the execution.</exception>
    /// <exception cref="OrleansDLException">The model refused the input, or the execution took too long.</exception>
    public void Run(string model, CancellationToken cancellationToken) => _run.Run(
        model, this,
        static (call, options) =>
        {
            call._session.RunWithBinding(options, call._binding);
            return true;
        },
        cancellationToken);

    public void Dispose()
    {
        _binding.Dispose();
        _run.Dispose();
        _values.ForEach(value => value.Dispose());
    }

    private byte[] Bind(TensorSpec output, long batch)
    {
        var buffer = Allocate(output.Type, [batch, .. output.Shape.Skip(1)], out var value);
        _binding.BindOutput(output.Name, value);
        return buffer;
    }

    private unsafe byte[] Allocate(TensorElementType type, long[] shape, out OrtValue value)
    {
        var bytes = checked((int)shape.Aggregate((long)ElementTypes.SizeOf(type), (product, size) => product * size));
        var buffer = GC.AllocateUninitializedArray<byte>(Math.Max(bytes, 1), pinned: true);
        fixed (byte* address = buffer)
        {
            // The array is pinned for its whole life: its address outlives this block.
            value = OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, ElementTypes.ToOnnx(type), shape, (nint)address, bytes);
        }

        _values.Add(value);
        return buffer;
    }
}
