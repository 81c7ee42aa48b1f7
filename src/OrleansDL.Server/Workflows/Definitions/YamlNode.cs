using OrleansDL.Expressions;

namespace OrleansDL.Workflows.Definitions;

/// <summary>One node of a YAML file: a scalar, a list or a map.</summary>
internal sealed record YamlNode(Place At)
{
    /// <summary>A scalar's value; null for a list or map.</summary>
    public Value? Scalar { get; init; }

    /// <summary>A scalar as it was written.</summary>
    public string Text { get; init; } = "";

    public IReadOnlyList<YamlNode>? Items { get; init; }

    public IReadOnlyList<KeyValuePair<string, YamlNode>>? Entries { get; init; }

    /// <summary>Nodes in this one, itself included, aliases counted as often as they are used.</summary>
    public int Count { get; init; } = 1;

    public string Shape => Items is not null ? "a list" : Entries is not null ? "a map" : Scalar switch
    {
        Value.Null => "empty",
        Value.Bool => "a truth value",
        Value.Int or Value.Double => "a number",
        _ => "text",
    };
}
