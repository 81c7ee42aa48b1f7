namespace OrleansDL.Serving.Tracing;

/// <summary>Where traces go.</summary>
internal enum TraceMode
{
    /// <summary>Into a JSON file in the form of the protocol's reference server.</summary>
    Triton,

    /// <summary>Activities of the source <c>OrleansDL.Serving</c>, for whoever listens in this process.</summary>
    OpenTelemetry,
}
