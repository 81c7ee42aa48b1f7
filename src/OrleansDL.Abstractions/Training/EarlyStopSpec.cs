namespace OrleansDL.Training;

/// <summary>Ends a run that gets no better.</summary>
[GenerateSerializer, Immutable, Alias("early-stop-spec")]
public sealed record EarlyStopSpec
{
    /// <summary>Epochs in a row without a better metric after which the run ends, 1 to 100000.</summary>
    [Id(0)] public int Patience { get; init; } = 5;

    /// <summary>How much better counts as better, from 0.</summary>
    [Id(1)] public double MinDelta { get; init; }
}
