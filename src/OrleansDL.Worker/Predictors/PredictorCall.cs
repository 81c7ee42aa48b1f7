namespace OrleansDL.Predictors;

/// <summary>A call that waits for its answer.</summary>
/// <param name="model">Its model.</param>
/// <param name="began">When it was sent.</param>
/// <param name="limit">How long it may take; of a call with parts, each of them.</param>
/// <param name="parts">Takes what is answered before the last message; null where nothing is.</param>
internal sealed class PredictorCall(HostedModel model, long began, TimeSpan limit, AnswerParts? parts = null)
{
    private volatile bool _isLate;
    private long _began = began;

    public HostedModel Model => model;

    /// <summary>Since when the process is at what comes next.</summary>
    public long Began
    {
        get => Volatile.Read(ref _began);
        set => Volatile.Write(ref _began, value);
    }

    public AnswerParts? Parts => parts;

    public TimeSpan Limit => limit;

    /// <summary>Whether it has taken longer than it may, and was told to end.</summary>
    public bool IsLate
    {
        get => _isLate;
        set => _isLate = value;
    }

    /// <summary>Continuations never run on the thread that receives: it has other answers to give.</summary>
    public TaskCompletionSource<Frame> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
