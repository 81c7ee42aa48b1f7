namespace OrleansDL.Workflows;

[GenerateSerializer, Alias("workflow-state")]
internal sealed record WorkflowState
{
    [Id(0)] public string Project { get; init; } = "";
    [Id(1)] public string Name { get; init; } = "";

    /// <summary>Newest version; 0 before the first.</summary>
    [Id(2)] public long Version { get; init; }
    [Id(3)] public BlobId Digest { get; init; }
    [Id(4)] public string Definition { get; init; } = "";
    [Id(5)] public bool Enabled { get; init; } = true;
    [Id(6)] public DateTimeOffset CreatedAt { get; init; }
    [Id(7)] public bool Deleted { get; init; }

    /// <summary>Ids of the datasets the triggers watch, by the names they had when the version was put.</summary>
    [Id(8)] public IReadOnlyDictionary<string, Guid> Watched { get; init; } = new Dictionary<string, Guid>();

    /// <summary>Runs that wait for their turn, oldest first.</summary>
    [Id(9)] public IReadOnlyList<WaitingRun> Waiting { get; init; } = [];

    /// <summary>Counts the changes somebody asked for, for If-Match.</summary>
    [Id(10)] public long Changes { get; init; }

    /// <summary>The newest event heard, by the wake-up of the debounced trigger that waits for quiet after it.</summary>
    [Id(11)] public IReadOnlyDictionary<string, QuietEvent> Quiet { get; init; } = new Dictionary<string, QuietEvent>();

    /// <summary>Sequence of the newest event that an earlier definition judged, or a state of being switched on or off that is past.</summary>
    [Id(12)] public long Heard { get; init; }
}
