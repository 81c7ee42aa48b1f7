namespace OrleansDL.Serving;

/// <summary>What an input tells a model of its sequence. The numbers are stored: they never change.</summary>
public enum SequenceControlKind
{
    /// <summary>Whether this is the first request of its sequence.</summary>
    Start = 0,

    /// <summary>Whether there is a request at this place of the batch.</summary>
    Ready = 1,

    /// <summary>Whether this is the last request of its sequence.</summary>
    End = 2,

    /// <summary>The sequence's id.</summary>
    CorrelationId = 3,
}
