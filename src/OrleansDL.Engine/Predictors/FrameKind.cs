namespace OrleansDL.Predictors;

/// <summary>What a worker and the process of its isolated models say to one another. Both are of one build, so the numbers are nobody else's.</summary>
public enum FrameKind
{
    /// <summary>Process: I am here, of this build.</summary>
    Hello,

    /// <summary>Worker: load a model's folder under a number.</summary>
    Load,

    /// <summary>Process: it is loaded, and this is what it takes and gives.</summary>
    Loaded,

    /// <summary>Worker: free the model of that number. Answered by <see cref="Done"/>.</summary>
    Unload,

    /// <summary>Process: that is done.</summary>
    Done,

    /// <summary>Worker: run these requests as one.</summary>
    Infer,

    /// <summary>Process: their answers.</summary>
    Answers,

    /// <summary>Worker: take raw rows through the model's own pipeline.</summary>
    Predict,

    /// <summary>Process: the answers of the rows, as JSON.</summary>
    Predicted,

    /// <summary>Worker: nobody waits for that call any more. It is answered nevertheless.</summary>
    Cancel,

    /// <summary>Process: the call failed.</summary>
    Failed,

    /// <summary>Worker: a room for tensors is there no longer.</summary>
    Forget,

    /// <summary>Worker: run this request of a decoupled model. <see cref="Done"/> or <see cref="Failed"/> follows the last of its answers.</summary>
    Stream,

    /// <summary>Process: one of a request's answers.</summary>
    Part,

    /// <summary>Worker: one of the answers was read, so there is room for another.</summary>
    More,
}
