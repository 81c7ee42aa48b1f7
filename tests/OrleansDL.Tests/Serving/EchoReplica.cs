using System.Runtime.InteropServices;
using OrleansDL.Serving;

namespace OrleansDL.Tests.Serving;

/// <summary>Answers every row with its own number added: whoever mixes answers or generations is found out.</summary>
internal sealed class EchoReplica(float offset) : IReplica
{
    private int _disposed;

    public void Dispose() => Volatile.Write(ref _disposed, 1);

    public async ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken)
    {
        await Task.Yield();
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) == 1, this);
        var input = request.Inputs[0];
        var sum = MemoryMarshal.Cast<byte, float>(input.Data.Span).ToArray().Select(value => value + offset).ToArray();
        return new InferAnswer
        {
            Outputs = [new Tensor { Name = "y", Type = TensorElementType.Fp32, Shape = input.Shape, Data = MemoryMarshal.AsBytes<float>(sum).ToArray() }],
        };
    }

    public ValueTask<PredictAnswer> PredictAsync(PredictRequest request, CancellationToken cancellationToken) =>
        throw new NotSupportedException("The echo only infers.");

    public IAsyncEnumerable<GeneratePiece> Generate(GenerateRequest request, CancellationToken cancellationToken) =>
        throw new NotSupportedException("The echo only infers.");
}
