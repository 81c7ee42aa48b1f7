namespace OrleansDL.Demo;

/// <summary>What <c>odl demo --json</c> prints last.</summary>
internal sealed record DemoReport
{
    public required bool Ok { get; init; }
    public required long DatasetVersions { get; init; }
    public required IReadOnlyList<DemoModel> Models { get; init; }
    public required DemoServed Served { get; init; }

    /// <summary>From the second commit to the start of its training.</summary>
    public required double? CommitToTrainStartSeconds { get; init; }

    /// <summary>From the prediction to the files it goes back to.</summary>
    public required IReadOnlyList<string> Lineage { get; init; }

    /// <summary>Each phase by name, and the total.</summary>
    public required IReadOnlyDictionary<string, double> Seconds { get; init; }

    /// <summary>Promises that did not hold; left out when all did.</summary>
    public IReadOnlyList<string>? Broken { get; init; }
}
