namespace OrleansDL.Targets;

/// <summary>Gives labels their ids: the place of a label in the order is its class.</summary>
internal static class LabelOrder
{
    /// <summary>The dataset version's own list first, whose ids stay when rows are added to it; labels it does not name follow, sorted.</summary>
    public static IReadOnlyList<string> Of(IReadOnlyList<string>? listed, SortedSet<string> seen) =>
        listed is null ? [.. seen] : [.. listed, .. seen.Except(listed, StringComparer.Ordinal)];
}
