namespace OrleansDL.Training;

/// <summary>The runners of one worker. Key: the worker's name; it lives on that worker and nowhere else.</summary>
[Alias("trainer")]
public interface ITrainerGrain : IGrainWithStringKey
{
    /// <summary>Starts an attempt's process. Starting one that runs already does nothing; an older attempt of the run is killed first.</summary>
    [Alias("start")] Task StartAsync(TrainerAssignment assignment);

    /// <summary>Tells the process to stop, and kills it after the grace time. Stopping one that is not there does nothing.</summary>
    /// <returns>Whether it is there, so that its outcome will follow.</returns>
    [Alias("stop")] Task<bool> StopAsync(Guid run, int attempt);

    /// <summary>Tells the process to write a checkpoint and leave, and kills it after the grace time: the run goes on later, here or elsewhere.</summary>
    /// <returns>Whether it is there, so that its outcome will follow.</returns>
    [Alias("leave")] Task<bool> LeaveAsync(Guid run, int attempt);
}
