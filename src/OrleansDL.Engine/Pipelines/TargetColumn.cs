namespace OrleansDL.Pipelines;

/// <summary>One value that a network answers, which puts it out in deviations from the mean of the training rows.</summary>
internal sealed record TargetColumn
{
    public required string Name { get; init; }
    public required double Mean { get; init; }
    public required double Deviation { get; init; }

    /// <summary>The value in its own unit.</summary>
    public double Restore(double output) => (output * Deviation) + Mean;
}
