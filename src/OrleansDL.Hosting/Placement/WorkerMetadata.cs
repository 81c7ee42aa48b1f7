namespace OrleansDL.Placement;

/// <summary>Keys of the silo metadata by which workers are known.</summary>
public static class WorkerMetadata
{
    public const string Name = "odl.worker";
    public const string Device = "odl.device";
}
