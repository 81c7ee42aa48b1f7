using System.Threading.Channels;

namespace OrleansDL.Runner;

/// <summary>Tells the worker of complete checkpoints, in order and beside the training. A file goes when a newer one has been taken.</summary>
internal sealed class Checkpoints
{
    private readonly Channel<(long Step, string Path)> _written =
        Channel.CreateUnbounded<(long, string)>(new UnboundedChannelOptions { SingleReader = true });

    private readonly Task _telling;

    public Checkpoints(WorkerSocket worker, TimeProvider time) => _telling = Task.Run(() => TellAsync(worker, time));

    public void Written(long step, string path) => _written.Writer.TryWrite((step, path));

    /// <summary>Ends when the worker has taken all.</summary>
    public Task CompleteAsync()
    {
        _written.Writer.TryComplete();
        return _telling;
    }

    private async Task TellAsync(WorkerSocket worker, TimeProvider time)
    {
        string? taken = null;
        await foreach (var (step, path) in _written.Reader.ReadAllAsync())
        {
            // Only the newest of those that piled up meanwhile is worth the worker's time.
            if (_written.Reader.TryPeek(out _))
            {
                File.Delete(path);
                continue;
            }

            await Delivery.SendAsync(() => worker.PostCheckpointAsync(step, path), time);
            if (taken is not null)
            {
                File.Delete(taken);
            }

            taken = path;
        }
    }
}
