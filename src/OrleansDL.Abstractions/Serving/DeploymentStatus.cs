namespace OrleansDL.Serving;

/// <summary>Where a deployment stands. The numbers are stored: they never change.</summary>
public enum DeploymentStatus
{
    New = 0,

    /// <summary>The wanted version is being loaded; the one before it, if any, goes on answering.</summary>
    Loading = 1,
    Ready = 2,

    /// <summary>The wanted version could not be loaded; the reason says why.</summary>
    Failed = 3,
    Deleted = 4,

    /// <summary>Nothing is loaded, because that was asked for.</summary>
    Unloaded = 5,
}
