using Orleans.Concurrency;
using OrleansDL.Placement;

namespace OrleansDL.Training;

/// <summary>The door to this worker's attempts; what runs lives in <see cref="Trainer"/>, whatever becomes of the activation.</summary>
[GrainType("trainer"), OnWorker, Reentrant]
internal sealed class TrainerGrain(Trainer trainer) : Grain, ITrainerGrain
{
    public Task StartAsync(TrainerAssignment assignment)
    {
        trainer.Start(assignment);
        return Task.CompletedTask;
    }

    public Task<bool> StopAsync(Guid run, int attempt) => Task.FromResult(trainer.Stop(run, attempt, cancel: true));

    public Task<bool> LeaveAsync(Guid run, int attempt) => Task.FromResult(trainer.Stop(run, attempt, cancel: false));
}
