namespace OrleansDL.Heads;

/// <summary>Names of heads, as specs, <c>network.json</c> and <c>pipeline.json</c> write them.</summary>
internal static class HeadNames
{
    public const string Label = "label";
}
