using OrleansDL.Identity;

namespace OrleansDL.Events;

/// <summary>The events of one project. Key: the project's name.</summary>
[Alias("events")]
public interface IEventsGrain : IGrainWithStringKey
{
    /// <summary>Up to <paramref name="limit"/> (1 to 1000) events after a sequence number, oldest first.</summary>
    [Alias("read"), Requires(Role.Viewer)] Task<IReadOnlyList<PlatformEvent>> ReadAsync(long after, int limit);
}
