namespace OrleansDL.Serving;

/// <summary>A text for a model to continue.</summary>
[GenerateSerializer, Immutable, Alias("generate-request")]
public sealed record GenerateRequest
{
    public const int DefaultMaximumTokens = 16;

    [Id(0)] public required string Text { get; init; }

    /// <summary>Tokens to add at most, 1 to 1,000,000; the model's longest text ends it sooner.</summary>
    [Id(1)] public int MaximumTokens { get; init; } = DefaultMaximumTokens;

    /// <summary>0 takes the most probable token each time; the greater, up to 100, the more are others taken too.</summary>
    [Id(2)] public double Temperature { get; init; }

    /// <summary>Only so many of the most probable tokens are drawn from, 0 to 1,000,000; 0: all.</summary>
    [Id(3)] public int TopK { get; init; }

    /// <summary>Only the most probable tokens that together reach this probability are drawn from, above 0 to 1.</summary>
    [Id(4)] public double TopP { get; init; } = 1;

    /// <summary>Of the draws: equal ones draw equally.</summary>
    [Id(5)] public ulong Seed { get; init; }

    /// <summary>Texts, 16 at most, before which the answer ends when it comes upon one.</summary>
    [Id(6)] public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>How long it may wait for its turn; 0: as the model says.</summary>
    [Id(7)] public long TimeoutMicroseconds { get; init; }
}
