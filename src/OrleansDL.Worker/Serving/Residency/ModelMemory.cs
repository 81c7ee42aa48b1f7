using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansDL.Inference;
using OrleansDL.Native;
using OrleansDL.Nodes;

namespace OrleansDL.Serving.Residency;

/// <summary>
/// This worker's memory for models: a model is loaded when there is room, and room is made by freeing those that are asked for least
/// for the bytes they take, never one that is in use or stays loaded. What is loaded for good is never refused: it leaves the less for the others.
/// </summary>
internal sealed partial class ModelMemory : IDisposable
{
    /// <summary>What of a model is not in its file, before anything was measured.</summary>
    private const long FirstOverhead = 256 << 10;
    private const int GreatestRemembered = 100_000;
    private const double Weight = 0.2;

    /// <summary>How long a load waits for a model in use to become free.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly Dictionary<long, ResidentModel> _models = [];
    private readonly Dictionary<long, Remembered> _remembered = [];
    private readonly HeapMeter _meter = new();
    private readonly SemaphoreSlim _loads;
    private readonly SemaphoreSlim _making = new(1);
    private readonly LocalReplicas _local;
    private readonly NodeOptions _node;
    private readonly TimeProvider _time;
    private readonly ILogger<ModelMemory> _logger;
    private volatile TaskCompletionSource? _free;
    private double _perByte = 1.25;
    private long _used;
    private long _reserved;
    private long _pinned;
    private int _loading;
    private long _loaded;
    private long _evictions;
    private long _idleUnloads;
    private long _untrimmed;
    private long _untrimmedBefore;

    public ModelMemory(LocalReplicas local, NodeOptions node, IOptions<ModelMemoryOptions> options, TimeProvider time, ILogger<ModelMemory> logger)
    {
        (_local, _node, _time, _logger) = (local, node, time, logger);
        _loads = new SemaphoreSlim(options.Value.ParallelLoads);
        Limit = options.Value.LimitBytes;
        NativeMemory.ReturnFreedBlocks();
    }

    /// <summary>Bytes that models may take.</summary>
    public long Limit { get; }

    /// <summary>Is told which generation on demand is loaded now (true) or no longer.</summary>
    public event Action<long, bool>? Changed;

    /// <summary>Loads a model when there is room for it.</summary>
    /// <param name="spec">What is loaded.</param>
    /// <param name="load">Loads and warms it.</param>
    /// <exception cref="NoCapacityException">There is no room, and none can be made now.</exception>
    public async Task<ILoadedReplica> LoadAsync(ReplicaSpec spec, Func<Task<ILoadedReplica>> load)
    {
        Interlocked.Increment(ref _loading);
        await _loads.WaitAsync();
        try
        {
            var estimate = Estimate(spec);
            await MakeRoomAsync(spec, estimate);
            try
            {
                return Add(spec, await MeasureAsync(load));
            }
            finally
            {
                Interlocked.Add(ref _reserved, -estimate);
                await ShrinkAsync();
            }
        }
        finally
        {
            _loads.Release();
            Interlocked.Decrement(ref _loading);
        }
    }

    /// <summary>Frees a generation that was taken out of use because that was asked for.</summary>
    public async Task RemoveAsync(long generation, ILoadedReplica replica)
    {
        ResidentModel? model;
        lock (_gate)
        {
            if (_models.Remove(generation, out model))
            {
                Tell(model, isLoaded: false);
            }
        }

        if (model is null)
        {
            await Task.Run(replica.Dispose);
            return;
        }

        await DisposeAsync(model);
    }

    /// <summary>Unloads what nobody has asked for as long as its deployment says, and measures anew what was used.</summary>
    public async Task TendAsync()
    {
        List<ResidentModel> idle = [];
        lock (_gate)
        {
            foreach (var model in _models.Values)
            {
                _used += model.Measure();
                if (model.Spec is { Evictable: true, Residency.IdleSeconds: > 0 and var seconds } && _time.GetElapsedTime(model.Use.Last) >= TimeSpan.FromSeconds(seconds))
                {
                    idle.Add(model);
                }
            }
        }

        foreach (var model in idle)
        {
            if (TryTake(model))
            {
                Interlocked.Increment(ref _idleUnloads);
                await DisposeAsync(model);
                LogIdle(model.Spec.DeploymentName, model.Spec.Generation);
            }
        }

        await ShrinkAsync();
        TrimWhenQuiet();
    }

    /// <summary>Gives back what freed models left between others. It halts every allocation for milliseconds: not while models come and go, unless it has become much.</summary>
    private void TrimWhenQuiet()
    {
        var untrimmed = Interlocked.Read(ref _untrimmed);
        if (untrimmed > 0 && (untrimmed == _untrimmedBefore || untrimmed > Limit / 4))
        {
            Interlocked.Add(ref _untrimmed, -untrimmed);
            untrimmed = 0;
            NativeMemory.Trim();
        }

        _untrimmedBefore = untrimmed;
    }

    public ModelHost Describe()
    {
        lock (_gate)
        {
            var evictable = _models.Values.Where(model => model.Spec.Evictable).ToList();
            return new ModelHost
            {
                Worker = _node.WorkerNameOrDefault,
                Device = _node.Device,
                LimitBytes = Limit,
                UsedBytes = _used,
                ReservedBytes = _reserved,
                PinnedBytes = _pinned,
                Loaded = _models.Count,
                Loading = _loading,
                OldestUseAt = evictable.Count == 0 ? null : At(evictable.Min(model => model.Use.Last)),
                Loads = _loaded,
                Evictions = _evictions,
                IdleUnloads = _idleUnloads,
            };
        }
    }

    /// <summary>What is loaded, those used last first.</summary>
    public IReadOnlyList<LoadedModel> List()
    {
        lock (_gate)
        {
            return [.. _models.Values.OrderByDescending(model => model.Use.Last).Select(model => new LoadedModel
            {
                Generation = model.Spec.Generation,
                Deployment = model.Spec.Deployment,
                DeploymentName = model.Spec.DeploymentName,
                ModelName = model.Spec.ModelName,
                ModelVersion = model.Spec.ModelVersion,
                Bytes = model.Bytes,
                Pinned = !model.Spec.Evictable,
                OnDemand = model.Spec.Residency is not null,
                LoadedAt = model.LoadedAt,
                LastUsedAt = At(model.Use.Last),
                Requests = model.Use.Count,
                LoadSeconds = model.LoadTime.TotalSeconds,
            })];
        }
    }

    /// <summary>What is loaded on demand.</summary>
    public IReadOnlyList<ResidentModel> OnDemand()
    {
        lock (_gate)
        {
            return [.. _models.Values.Where(model => model.Spec.Residency is not null)];
        }
    }

    public void Dispose()
    {
        _loads.Dispose();
        _making.Dispose();
    }

    private DateTimeOffset At(long timestamp) => _time.GetUtcNow() - _time.GetElapsedTime(timestamp);

    /// <summary>What it took the last time, else what its files tell.</summary>
    private long Estimate(ReplicaSpec spec)
    {
        lock (_gate)
        {
            return _remembered.TryGetValue(spec.Generation, out var before)
                ? before.Bytes
                : FirstOverhead + (long)(spec.Artifact.Values.Sum(file => file.Bytes) * _perByte);
        }
    }

    private async Task<(ILoadedReplica Replica, long Bytes, TimeSpan Time)> MeasureAsync(Func<Task<ILoadedReplica>> load)
    {
        ModelSession.WarmRuntime();
        var (began, reading) = (_time.GetTimestamp(), _meter.Begin());
        ILoadedReplica replica;
        try
        {
            replica = await load();
        }
        catch
        {
            _meter.Abandon();
            throw;
        }

        return (replica, _meter.End(reading, replica.Arena), _time.GetElapsedTime(began));
    }

    private ILoadedReplica Add(ReplicaSpec spec, (ILoadedReplica Replica, long Bytes, TimeSpan Time) loaded)
    {
        ResidentModel model;

        // What lies on a GPU is not in this process's heap: there the files tell.
        var bytes = _node.Device == "cpu" ? loaded.Bytes : Math.Max(loaded.Bytes, spec.Artifact.Values.Sum(file => file.Bytes));
        lock (_gate)
        {
            model = new ResidentModel(spec, loaded.Replica, new ReplicaUse(_time, () => _free?.TrySetResult()))
            {
                Bytes = bytes,
                BytesAtLoad = bytes,
                LoadedAt = _time.GetUtcNow(),
                LoadTime = loaded.Time,
                Popularity = _remembered.TryGetValue(spec.Generation, out var before) ? ResidentModel.Decayed(before.Popularity, _time.GetElapsedTime(before.At)) : 0,
            };
            _models.Add(spec.Generation, model);
            _used += model.Bytes;
            _pinned += spec.Evictable ? 0 : model.Bytes;
            _loaded++;
            if (spec.Artifact.Values.Sum(file => file.Bytes) is > 0 and var files)
            {
                _perByte = (_perByte * (1 - Weight)) + ((double)model.Bytes / files * Weight);
            }

            _local.Add(spec.Generation, loaded.Replica, model.Use);
            Tell(model, isLoaded: true);
        }

        return loaded.Replica;
    }

    /// <summary>Sets the bytes aside, after others have made room for them.</summary>
    private async Task MakeRoomAsync(ReplicaSpec spec, long bytes)
    {
        await _making.WaitAsync();
        try
        {
            var began = _time.GetTimestamp();
            while (true)
            {
                // Before looking: what becomes free from now on is noticed.
                var free = _free = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                lock (_gate)
                {
                    if (_used + _reserved + bytes <= Limit)
                    {
                        Interlocked.Add(ref _reserved, bytes);
                        return;
                    }

                    if (spec.Evictable && _pinned + bytes > Limit)
                    {
                        throw new NoCapacityException(
                            $"Worker '{_node.WorkerNameOrDefault}' has {Limit >> 20} MiB for models, {_pinned >> 20} of them taken for good: {bytes >> 20} MiB more never fit. Give it more (--model-memory), or another worker.");
                    }
                }

                if (!await EvictAsync())
                {
                    if (!spec.Evictable)
                    {
                        Interlocked.Add(ref _reserved, bytes);
                        return;
                    }

                    if (_time.GetElapsedTime(began) > Patience)
                    {
                        throw new NoCapacityException($"Everything loaded on worker '{_node.WorkerNameOrDefault}' is in use. Try again, or add a worker.");
                    }

                    await Task.WhenAny(free.Task, Task.Delay(Glance, _time));
                }
            }
        }
        finally
        {
            _free = null;
            _making.Release();
        }
    }

    /// <summary>Evicts what is more than the limit, as far as it is not in use: a model took more than was thought, or its arena grew.</summary>
    private async Task ShrinkAsync()
    {
        if (Interlocked.Read(ref _used) + Interlocked.Read(ref _reserved) <= Limit)
        {
            return;
        }

        await _making.WaitAsync();
        try
        {
            while (Interlocked.Read(ref _used) + Interlocked.Read(ref _reserved) > Limit && await EvictAsync())
            {
                // The next one.
            }
        }
        finally
        {
            _making.Release();
        }
    }

    /// <summary>Frees the model that is worth least; false when every one is in use or stays.</summary>
    private async Task<bool> EvictAsync()
    {
        ResidentModel? victim = null;
        lock (_gate)
        {
            foreach (var (_, model) in _models.Values.Where(model => model.Spec.Evictable).Select(model => (Worth: model.Weigh(_time), Model: model)).OrderBy(weighed => weighed.Worth))
            {
                if (!model.IsAwaited(_time) && TryTake(model))
                {
                    victim = model;
                    break;
                }
            }
        }

        if (victim is null)
        {
            return false;
        }

        Interlocked.Increment(ref _evictions);
        await DisposeAsync(victim);
        LogEvicted(victim.Spec.DeploymentName, victim.Spec.Generation, victim.Bytes >> 10);
        return true;
    }

    /// <summary>Takes a model out of use, unless it is in use.</summary>
    private bool TryTake(ResidentModel model)
    {
        lock (_gate)
        {
            if (model.Replica.IsBusy || !_local.TryRemoveIdle(model.Spec.Generation, out _))
            {
                return false;
            }

            _models.Remove(model.Spec.Generation);
            Tell(model, isLoaded: false);
            if (_remembered.Count >= GreatestRemembered)
            {
                _remembered.Clear();
            }

            model.Weigh(_time);
            _remembered[model.Spec.Generation] = new Remembered(model.Popularity, _time.GetTimestamp(), model.Bytes);
            return true;
        }
    }

    private async Task DisposeAsync(ResidentModel model)
    {
        _meter.Disturb();
        await Task.Run(model.Replica.Dispose);
        _meter.Disturb();
        lock (_gate)
        {
            Free(model);
        }
    }

    private void Free(ResidentModel model)
    {
        _used -= model.Bytes;
        _pinned -= model.Spec.Evictable ? 0 : model.Bytes;
        _untrimmed += model.Bytes;
    }

    private void Tell(ResidentModel model, bool isLoaded)
    {
        if (model.Spec.Residency is not null)
        {
            Changed?.Invoke(model.Spec.Generation, isLoaded);
        }
    }

    [LoggerMessage(LogLevel.Debug, "Evicted generation {Generation} of deployment {Deployment}, {KiB} KiB")]
    private partial void LogEvicted(string deployment, long generation, long kiB);

    [LoggerMessage(LogLevel.Information, "Unloaded generation {Generation} of deployment {Deployment}: nobody asked for it")]
    private partial void LogIdle(string deployment, long generation);
}
