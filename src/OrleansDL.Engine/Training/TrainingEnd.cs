namespace OrleansDL.Training;

/// <summary>How a training loop ended, other than by an exception.</summary>
public enum TrainingEnd
{
    /// <summary>The artifact is written.</summary>
    Done,

    /// <summary>A checkpoint is written; it goes on from there another time.</summary>
    Stopped,
}
