namespace OrleansDL.Events;

/// <summary>Where the same events flow as an Orleans stream: at least once, in order per project.</summary>
public static class EventStreams
{
    /// <summary>Name of the stream provider, and namespace of the streams; the stream's key is the project's name.</summary>
    public const string Provider = "OrleansDL.Events";
}
