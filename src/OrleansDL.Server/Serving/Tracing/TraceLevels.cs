namespace OrleansDL.Serving.Tracing;

/// <summary>What is written of a traced request.</summary>
[Flags]
internal enum TraceLevels
{
    Off = 0,

    /// <summary>When each phase began and ended.</summary>
    Timestamps = 1,

    /// <summary>What went in and came out.</summary>
    Tensors = 2,
}
