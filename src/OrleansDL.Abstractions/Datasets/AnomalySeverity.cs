namespace OrleansDL.Datasets;

/// <summary>How bad an anomaly is. What follows from it is the dataset's policy.</summary>
public enum AnomalySeverity
{
    /// <summary>Worth knowing: most likely as it should be.</summary>
    Info = 0,

    /// <summary>Likely a mistake, or a change that a model trained on the parent will feel.</summary>
    Warning = 1,

    /// <summary>The data breaks what was said of it.</summary>
    Error = 2,
}
