namespace OrleansDL.Benchmarks.Harness;

/// <summary>One figure of ours beside the limit: the best simple code we can write for the same work.</summary>
internal interface IBenchmark
{
    /// <summary>For example <c>predict.tiny.json</c>.</summary>
    string Name { get; }

    string Unit { get; }

    /// <summary>Least ratio wanted; null: the figure is only watched.</summary>
    double? Goal { get; }

    /// <summary>Whether a smaller figure is the better one (seconds), so that the ratio is limit over ours.</summary>
    bool SmallerIsBetter => false;

    Task<Comparison> RunAsync();
}
