namespace OrleansDL.Predictors;

/// <summary>The process that a call ran in has ended.</summary>
/// <param name="reason">How it ended.</param>
/// <param name="mayRetry">Whether the call may be made once more: others ran beside it, and any of them may have been at fault.</param>
internal sealed class PredictorLostException(string reason, bool mayRetry) : Exception(reason)
{
    public bool MayRetry { get; } = mayRetry;
}
