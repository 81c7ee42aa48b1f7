namespace OrleansDL.Benchmarks.Serving;

/// <summary>One connection that asks the same request over and over, and blocks: nothing of its own stands in the way.</summary>
internal interface ICaller : IDisposable
{
    /// <summary>Bytes of a request on the wire.</summary>
    int RequestBytes { get; }

    /// <summary>Bytes of the last answer on the wire.</summary>
    int AnswerBytes { get; }

    /// <summary>Asks once; an answer that is none throws.</summary>
    void Ask();
}
