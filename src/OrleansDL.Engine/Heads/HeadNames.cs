namespace OrleansDL.Heads;

/// <summary>Names of heads, as specs, <c>network.json</c> and <c>pipeline.json</c> write them.</summary>
internal static class HeadNames
{
    public const string Label = "label";
    public const string Labels = "labels";
    public const string Regression = "regression";
    public const string Sequence = "sequence";
    public const string NextToken = "next-token";
    public const string Embedding = "embedding";
    public const string Reconstruction = "reconstruction";
}
