using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using OrleansDL.Nodes;

namespace OrleansDL.Serving.Residency;

/// <summary>
/// Where generations on demand are loaded, what room workers have, and what could not be loaded, as this node has heard. It is kept nowhere: what is
/// wrong in it costs a request a second try, and workers tell again.
/// </summary>
internal sealed partial class ModelDirectory : IDisposable
{
    /// <summary>A worker not heard of for so long is not asked to load.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    private readonly Lock _updating = new();
    private readonly ConcurrentDictionary<string, KnownHost> _hosts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<long, Residence> _residences = new();
    private readonly ConcurrentDictionary<long, ModelFailure> _failures = new();
    private readonly IGrainFactory _grains;
    private readonly TimeProvider _time;
    private readonly ILogger<ModelDirectory> _logger;
    private readonly IDisposable[] _subscriptions;

    public ModelDirectory(IGrainFactory grains, NodeNotices notices, TimeProvider time, ILogger<ModelDirectory> logger)
    {
        (_grains, _time, _logger) = (grains, time, logger);
        _subscriptions =
        [
            notices.Subscribe(ServingTopics.Hosts, payload => HearAsync(JsonSerializer.Deserialize<ModelHostNotice>(payload, OdlJson.Options)!)),
            notices.Subscribe(ServingTopics.Failures, payload =>
            {
                Fail(JsonSerializer.Deserialize<ModelFailure>(payload, OdlJson.Options)!);
                return Task.CompletedTask;
            }),
        ];
    }

    /// <summary>Where a generation is loaded; null when no worker is known to have it.</summary>
    public Residence? Find(long generation) => _residences.GetValueOrDefault(generation);

    public IReplica ReplicaOn(string worker, long generation) => new RemoteReplica(_grains.GetGrain<IReplicaGrain>($"{worker}/{generation}"));

    public IReadOnlyList<string> WorkersOf(long generation) => Find(generation)?.Workers ?? [];

    /// <summary>Workers that were heard of lately.</summary>
    public IReadOnlyList<ModelHost> Hosts() =>
        [.. _hosts.Values.Where(known => _time.GetElapsedTime(known.HeardAt) < Silence).Select(known => known.Host)];

    /// <summary>Why a generation was not loaded the last time; null when it was, or may be tried again.</summary>
    public ModelFailure? FailureOf(long generation)
    {
        if (!_failures.TryGetValue(generation, out var failure) || failure.Until > _time.GetUtcNow())
        {
            return failure;
        }

        _failures.TryRemove(new(generation, failure));
        return null;
    }

    public void Fail(ModelFailure failure) => _failures[failure.Generation] = failure;

    /// <summary>Whoever changed the deployment wants it tried again.</summary>
    public void Forgive(long generation) => _failures.TryRemove(generation, out _);

    public void Put(long generation, string worker) => Change(generation, workers => workers.Contains(worker) ? workers : [.. workers, worker]);

    public void Forget(long generation, string worker) => Change(generation, workers => workers.Contains(worker) ? [.. workers.Where(other => other != worker)] : workers);

    /// <summary>A deployment with where it is loaded now, and what kept it from being loaded.</summary>
    public Deployment Complete(Deployment deployment)
    {
        if (deployment.Residency is null)
        {
            return deployment;
        }

        var failure = deployment.Generation is { } generation ? FailureOf(generation) : null;
        return deployment with
        {
            Workers = deployment.Generation is { } answering ? WorkersOf(answering) : [],
            Reason = deployment.Reason ?? failure?.Reason,
            Served = deployment.Served is { } served ? [.. served.Select(Complete)] : null,
        };
    }

    private DeploymentVersion Complete(DeploymentVersion version) => version.Generation is not { } generation ? version : version with
    {
        Workers = WorkersOf(generation),
        Status = FailureOf(generation) is null ? version.Status : DeploymentStatus.Failed,
        Reason = version.Reason ?? FailureOf(generation)?.Reason,
    };

    public void Dispose()
    {
        foreach (var subscription in _subscriptions)
        {
            subscription.Dispose();
        }
    }

    private async Task HearAsync(ModelHostNotice notice)
    {
        var worker = notice.Host.Worker;
        bool isWhole;
        lock (_updating)
        {
            var before = _hosts.GetValueOrDefault(worker);
            isWhole = before is null ? notice.Sequence == 1 : before.Incarnation == notice.Incarnation && before.Sequence + 1 >= notice.Sequence;
            if (before?.Incarnation == notice.Incarnation && before.Sequence >= notice.Sequence)
            {
                return;
            }

            _hosts[worker] = new KnownHost(notice.Host, notice.Incarnation, notice.Sequence, _time.GetTimestamp());
            foreach (var generation in notice.Loaded)
            {
                Put(generation, worker);
                _failures.TryRemove(generation, out _);
            }

            foreach (var generation in notice.Gone)
            {
                Forget(generation, worker);
            }
        }

        if (!isWhole)
        {
            await LearnAsync(worker);
        }
    }

    /// <summary>Something was missed: the worker is asked for everything.</summary>
    private async Task LearnAsync(string worker)
    {
        try
        {
            var all = await _grains.GetGrain<IModelHostGrain>(worker).GetAsync();
            var loaded = all.Models.Where(model => model.OnDemand).Select(model => model.Generation).ToHashSet();
            foreach (var (generation, residence) in _residences)
            {
                if (residence.Workers.Contains(worker) && !loaded.Contains(generation))
                {
                    Forget(generation, worker);
                }
            }

            foreach (var generation in loaded)
            {
                Put(generation, worker);
            }
        }
        catch (Exception error) when (error is OrleansException or OrleansDLException or TimeoutException or ArgumentException)
        {
            LogNotLearned(worker, error.Message);
        }
    }

    private void Change(long generation, Func<IReadOnlyList<string>, IReadOnlyList<string>> change)
    {
        lock (_updating)
        {
            var before = WorkersOf(generation);
            var workers = change(before);
            if (ReferenceEquals(before, workers))
            {
                return;
            }

            if (workers.Count == 0)
            {
                _residences.TryRemove(generation, out _);
            }
            else
            {
                _residences[generation] = new Residence(workers, [.. workers.Select(name => ReplicaOn(name, generation))]);
            }
        }
    }

    [LoggerMessage(LogLevel.Debug, "Worker {Worker} did not say what it has loaded: {Reason}")]
    private partial void LogNotLearned(string worker, string reason);
}
