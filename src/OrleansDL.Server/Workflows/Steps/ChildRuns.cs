using OrleansDL.Training;

namespace OrleansDL.Workflows.Steps;

/// <summary>Training runs that steps have set going.</summary>
internal static class ChildRuns
{
    /// <summary>Cancels a run; true once it is over, or never began.</summary>
    public static async Task<bool> StopAsync(IGrainFactory grains, Guid run)
    {
        try
        {
            var stopped = await grains.GetGrain<ITrainingRunGrain>(run).CancelAsync();
            return stopped.Status is RunStatus.Completed or RunStatus.Failed or RunStatus.Cancelled;
        }
        catch (NotFoundException)
        {
            return true;
        }
    }
}
