using System.Collections.Concurrent;
using OrleansDL.Nodes;

namespace OrleansDL.Events;

/// <summary>Tells whoever waits on any node that a project has new events, so that feeds need not poll.</summary>
public sealed class EventSignal : IDisposable
{
    internal const string Topic = "events";
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _waiting = new();
    private readonly NodeNotices _notices;
    private readonly IDisposable _subscription;

    public EventSignal(NodeNotices notices)
    {
        _notices = notices;
        _subscription = notices.Subscribe(Topic, project =>
        {
            if (_waiting.TryRemove(project, out var waiting))
            {
                waiting.TrySetResult();
            }

            return Task.CompletedTask;
        });
    }

    public Task TellAsync(string project) => _notices.PushAsync(Topic, project);

    /// <summary>Ends when the project has a new event, told after this call. Take it before reading the log, await it after.</summary>
    public Task NextAsync(string project) =>
        _waiting.GetOrAdd(project, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Dispose() => _subscription.Dispose();
}
