namespace OrleansDL.Training;

/// <summary>In which order a pool serves the runs that wait. The numbers are stored: they never change.</summary>
public enum PoolPolicy
{
    /// <summary>The run with the least work left first, as its own progress tells; one that tells nothing is taken to have as much left as it has had.</summary>
    ShortestRemaining = 0,

    /// <summary>First come, first served; the first that waits holds up those behind it.</summary>
    Fifo = 1,

    /// <summary>By <see cref="TrainingSpec.Priority"/>, first come first served among equals.</summary>
    Priority = 2,

    /// <summary>The project that holds the least for its weight first.</summary>
    FairShare = 3,

    /// <summary>The run that has had the least slot-seconds first, in coarse levels (2D-LAS).</summary>
    LeastAttained = 4,
}
