using OrleansDL.Inference.Generation;

namespace OrleansDL.Tests.Serving.Generation;

/// <summary>Real rows that wait, the first time, until they are let go.</summary>
internal sealed class HeldRows(ITokenRows rows) : ITokenRows
{
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _released = new();

    /// <summary>The model is at work.</summary>
    public Task Entered => _entered.Task;

    public void Release() => _released.Set();

    public void Feed(int row, ReadOnlySpan<long> tokens, Span<float> logits)
    {
        _entered.TrySetResult();
        _released.Wait();
        rows.Feed(row, tokens, logits);
    }

    /// <summary>Tokens the model was given after the first of their texts.</summary>
    public int Steps { get; private set; }

    public void Step(ReadOnlySpan<long> tokens, Span<float> logits)
    {
        Steps += tokens.Length;
        rows.Step(tokens, logits);
    }

    public void Move(int from, int to) => rows.Move(from, to);

    public void Clear(int row) => rows.Clear(row);

    public void Dispose()
    {
        _released.Set();
        rows.Dispose();
    }
}
