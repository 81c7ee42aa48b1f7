namespace OrleansDL.Serving;

/// <summary>Which sequence a request belongs to, and whether it is its first or last.</summary>
[GenerateSerializer, Immutable, Alias("sequence-step")]
public sealed record SequenceStep
{
    /// <summary>The id where it is a text; null: it is a number.</summary>
    [Id(0)] public string? Text { get; init; }

    /// <summary>The id where it is a number, above 0.</summary>
    [Id(1)] public ulong Number { get; init; }
    [Id(2)] public bool IsStart { get; init; }
    [Id(3)] public bool IsEnd { get; init; }

    /// <summary>The id, as messages name it and workers are chosen by. A text and a number are never the same.</summary>
    public string Id() => Text is null ? Number.ToString(System.Globalization.CultureInfo.InvariantCulture) : $"'{Text}'";
}
