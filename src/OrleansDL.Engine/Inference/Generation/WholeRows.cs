using System.Runtime.InteropServices;
using OrleansDL.Serving;

namespace OrleansDL.Inference.Generation;

/// <summary>Rows of a model that keeps nothing: it is given a row's whole text for each token, one row after the other.</summary>
internal sealed class WholeRows(ModelSession session, int vocabulary, int count) : ITokenRows
{
    private readonly List<long>[] _rows = [.. Enumerable.Range(0, count).Select(_ => new List<long>())];

    public void Feed(int row, ReadOnlySpan<long> tokens, Span<float> logits)
    {
        var text = _rows[row];
        text.AddRange(tokens);
        var answer = session.Infer(new InferRequest
        {
            Inputs = [new Tensor { Name = "input", Type = TensorElementType.Int64, Shape = [1, text.Count], Data = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(text)).ToArray() }],
            Outputs = ["logits"],
        });
        MemoryMarshal.Cast<byte, float>(answer.Outputs[0].Data.Span)[^vocabulary..].CopyTo(logits);
    }

    public void Step(ReadOnlySpan<long> tokens, Span<float> logits)
    {
        for (var row = 0; row < tokens.Length; row++)
        {
            Feed(row, tokens.Slice(row, 1), logits.Slice(row * vocabulary, vocabulary));
        }
    }

    public void Move(int from, int to)
    {
        (_rows[from], _rows[to]) = (_rows[to], _rows[from]);
        Clear(from);
    }

    public void Clear(int row) => _rows[row].Clear();

    public void Dispose()
    {
    }
}
