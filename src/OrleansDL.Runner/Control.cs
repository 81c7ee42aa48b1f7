using OrleansDL.Training;

namespace OrleansDL.Runner;

/// <summary>Hears what the worker wants: stop, or a checkpoint now.</summary>
internal static class Control
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.1);

    public static async Task ListenAsync(WorkerSocket worker, TrainingHooks hooks, TimeProvider time, CancellationToken over)
    {
        while (!hooks.IsStopping && !over.IsCancellationRequested)
        {
            var command = "none";
            await Delivery.SendAsync(async () => command = await worker.WaitForCommandAsync(over), time, over);
            switch (command)
            {
                case "stop":
                    hooks.Stop();
                    break;
                case "checkpoint":
                    hooks.Checkpoint();
                    break;
            }

            // A worker whose answers come at once is not asked in a tight circle.
            await Task.Delay(Pause, time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
