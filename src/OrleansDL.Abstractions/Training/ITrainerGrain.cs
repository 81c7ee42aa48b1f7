namespace OrleansDL.Training;

/// <summary>The runners of one worker. Key: the worker's name; it lives on that worker and nowhere else.</summary>
[Alias("trainer")]
public interface ITrainerGrain : IGrainWithStringKey
{
    /// <summary>Starts one rank's process of an attempt. Starting one that runs already does nothing; ranks of older attempts of the run are killed first.</summary>
    [Alias("start")] Task StartAsync(TrainerAssignment assignment);

    /// <summary>Tells the attempt's processes on this worker to stop, and kills them after the grace time. Stopping one that is not there does nothing.</summary>
    /// <returns>Whether any is there, so that its outcome will follow.</returns>
    [Alias("stop")] Task<bool> StopAsync(Guid run, int attempt);

    /// <summary>Tells the attempt's processes on this worker to write a checkpoint and leave, and kills them after the grace time: the run goes on later, here or elsewhere.</summary>
    /// <returns>Whether any is there, so that its outcome will follow.</returns>
    [Alias("leave")] Task<bool> LeaveAsync(Guid run, int attempt);
}
