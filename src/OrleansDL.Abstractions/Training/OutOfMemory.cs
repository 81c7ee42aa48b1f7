namespace OrleansDL.Training;

/// <summary>What becomes of a run that needs more memory than there is.</summary>
public enum OutOfMemory
{
    /// <summary>It fails, and says what to change.</summary>
    Stop = 0,

    /// <summary>It goes on from its last checkpoint with half the batch size, down to 1. The result is then another than that of the size asked for.</summary>
    HalveBatch = 1,
}
