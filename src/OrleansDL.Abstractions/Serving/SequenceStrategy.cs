namespace OrleansDL.Serving;

/// <summary>How requests of different sequences run together. The numbers are stored: they never change.</summary>
public enum SequenceStrategy
{
    /// <summary>Each sequence has a place in the batch of its own as long as it lasts; places without a request run empty, told by the control <c>ready</c>.</summary>
    Direct = 0,

    /// <summary>Those that have waited longest run together, whatever their places.</summary>
    Oldest = 1,
}
