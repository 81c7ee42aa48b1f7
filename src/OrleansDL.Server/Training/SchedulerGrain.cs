using Microsoft.Extensions.Logging;
using OrleansDL.Serving;
using OrleansDL.Timing;

namespace OrleansDL.Training;

[GrainType("scheduler")]
internal sealed partial class SchedulerGrain(
    [PersistentState("state")] IPersistentState<SchedulerState> state,
    WakeUps wakeUps, IClusterMembershipService membership, DeploymentReconciler deployments, TrainingTables tables, TimeProvider time, ILogger<SchedulerGrain> logger) : Grain, ISchedulerGrain
{
    private const string CheckUp = "check";
    private static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CheckUpAfter = TimeSpan.FromSeconds(10);
    private SchedulerCore _core = null!;
    private bool _checkUpArmed;
    private MembershipVersion _seen;
    private IReadOnlySet<string> _ended = new HashSet<string>();

    private string Pool => this.GetPrimaryKeyString();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Names.Check(Pool, "pool");
        await tables.AddPoolAsync(Pool);
        _core = new SchedulerCore(state.State, Pool, time.GetUtcNow());
        this.RegisterGrainTimer(CheckAsync, CheckEvery, CheckEvery);
    }

    public async Task<SlotGrant> RequestAsync(SlotRequest request)
    {
        var grant = _core.Request(request, time.GetUtcNow());
        await CommitAsync();
        return grant;
    }

    public async Task ReleaseAsync(Guid run, int attempt)
    {
        _core.Release(run, attempt, time.GetUtcNow());
        await CommitAsync();
    }

    public async Task ReportAsync(WorkerReport report)
    {
        _core.Report(report, time.GetUtcNow());
        await CommitAsync();
    }

    public Task<PoolInfo> GetPoolAsync() => Task.FromResult(_core.Describe());

    public async Task<PoolInfo> SetPoolAsync(PoolSettings settings)
    {
        _core.Set(settings, time.GetUtcNow());
        await CommitAsync();
        LogSet(Pool, settings.Policy);
        return _core.Describe();
    }

    public async Task MoveAsync(Guid run, Guid anchor, bool ahead)
    {
        _core.Move(run, anchor, ahead, time.GetUtcNow());
        await CommitAsync();
    }

    public async Task DrainAsync(string worker, bool drain)
    {
        _core.Drain(worker, drain, time.GetUtcNow());
        await CommitAsync();
        LogDrained(worker, Pool, drain ? "taken out of use" : "put back into use");
    }

    public Task<IReadOnlyList<WorkerInfo>> ListWorkersAsync() => Task.FromResult(_core.ListWorkers(time.GetUtcNow()));

    /// <summary>Brings the scheduler back to life where no worker is left to do so: it must find out that they are gone.</summary>
    public async Task WakeAsync(string name, string? payload)
    {
        await CheckAsync();
        if (_core.IsBusy)
        {
            await wakeUps.ArmAsync(this, CheckUp, CheckUpAfter);
        }
        else
        {
            _checkUpArmed = false;
        }
    }

    private async Task CheckAsync()
    {
        var silos = membership.CurrentSnapshot;
        if (silos.Version != _seen)
        {
            (_seen, _ended) = (silos.Version, silos.Members.Values.Where(silo => silo.Status is SiloStatus.Dead).Select(silo => silo.SiloAddress.ToParsableString()).ToHashSet());
        }

        _core.Check(time.GetUtcNow(), _ended);
        await CommitAsync();
    }

    // Runs are woken before the state is written: one woken for nothing asks and hears the truth, one not woken would wait for its watchdog.
    private async Task CommitAsync()
    {
        var changes = _core.TakeChanges();
        try
        {
            foreach (var run in changes.Wake)
            {
                await wakeUps.ArmAsync(GrainFactory.GetGrain<ITrainingRunGrain>(run));
            }

            if (_core.IsBusy && !_checkUpArmed)
            {
                await wakeUps.ArmAsync(this, CheckUp, CheckUpAfter);
                _checkUpArmed = true;
            }

            if (changes.Written)
            {
                await state.WriteStateAsync();
            }
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }

        if (changes.Workers)
        {
            LogWorkersChanged(Pool, string.Join(", ", state.State.Workers.Select(w => w.Name + (w.LostAt is null ? "" : " (lost)"))));
            _ = TellServingAsync();
        }
    }

    // Not awaited: however many deployments there are, they do not hold up the queue.
    private async Task TellServingAsync()
    {
        try
        {
            await deployments.ReconcileAllAsync();
        }
        catch (Exception e)
        {
            LogServingNotTold(Pool, e);
        }
    }

    [LoggerMessage(LogLevel.Information, "Pool {Pool} now serves its runs by {Policy}")]
    private partial void LogSet(string pool, PoolPolicy policy);

    [LoggerMessage(LogLevel.Information, "Worker {Worker} of pool {Pool} was {Change}")]
    private partial void LogDrained(string worker, string pool, string change);

    [LoggerMessage(LogLevel.Information, "Workers of pool {Pool} changed: {Workers}")]
    private partial void LogWorkersChanged(string pool, string workers);

    [LoggerMessage(LogLevel.Warning, "The change of workers of pool {Pool} reached not every deployment; they find out at their next call")]
    private partial void LogServingNotTold(string pool, Exception exception);
}
