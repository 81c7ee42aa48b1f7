namespace OrleansDL.Serving.Sequences;

/// <summary>A request of a sequence that waits for its turn.</summary>
internal sealed class SequenceRequest(InferRequest request, TimeSpan arrived, CancellationToken cancellationToken)
{
    public InferRequest Request => request;

    public SequenceStep Step => request.Sequence!;

    public TimeSpan Arrived => arrived;

    /// <summary>Whether nobody waits for it any more.</summary>
    public bool IsLeft => cancellationToken.IsCancellationRequested;

    /// <summary>Continuations never run on the thread that answers: it has other answers to give.</summary>
    public TaskCompletionSource<InferAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
