using System.Threading.Channels;
using OrleansDL.Training;

namespace OrleansDL.Runner;

/// <summary>Tells the worker of complete checkpoints, in order and beside the training. A file goes when a newer one has been taken.</summary>
internal sealed class Checkpoints
{
    private readonly Channel<WrittenCheckpoint> _written =
        Channel.CreateUnbounded<WrittenCheckpoint>(new UnboundedChannelOptions { SingleReader = true });

    private readonly Task _telling;

    public Checkpoints(WorkerSocket worker, TimeProvider time) => _telling = Task.Run(() => TellAsync(worker, time));

    public void Written(WrittenCheckpoint checkpoint) => _written.Writer.TryWrite(checkpoint);

    /// <summary>Ends when the worker has taken all.</summary>
    public Task CompleteAsync()
    {
        _written.Writer.TryComplete();
        return _telling;
    }

    private async Task TellAsync(WorkerSocket worker, TimeProvider time)
    {
        string? taken = null;
        await foreach (var checkpoint in _written.Reader.ReadAllAsync())
        {
            // Only the newest of those that piled up meanwhile is worth the worker's time, and those that may be the best.
            if (checkpoint.Score is null && _written.Reader.TryPeek(out _))
            {
                File.Delete(checkpoint.Path);
                continue;
            }

            await Delivery.SendAsync(() => worker.PostCheckpointAsync(checkpoint), time);
            if (taken is not null)
            {
                File.Delete(taken);
            }

            taken = checkpoint.Path;
        }
    }
}
