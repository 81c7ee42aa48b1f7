namespace OrleansDL.Collectives;

/// <summary>Which rows of every batch are one rank's. All ranks' shares together are the batch, in its order.</summary>
internal readonly record struct RankShare(int Rank, int Size)
{
    /// <summary>Every row, for a run of one worker.</summary>
    public static RankShare Whole { get; } = new(0, 1);

    /// <summary>Rows of a batch that are this rank's; none where ranks are more than rows.</summary>
    public int Rows(int batch) => End(batch) - Start(batch);

    /// <summary>Rows the rank computes with: its own, or one that counts nothing where it has none, so that all ranks take part in what they do together.</summary>
    public (int Start, int Count) Taken(int batch) => Rows(batch) is var rows and > 0 ? (Start(batch), rows) : (0, 1);

    private int Start(int batch) => (int)((long)batch * Rank / Size);

    private int End(int batch) => (int)((long)batch * (Rank + 1) / Size);
}
