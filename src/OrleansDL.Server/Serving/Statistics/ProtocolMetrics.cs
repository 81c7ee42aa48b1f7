using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;
using OrleansDL.Serving.Repository;
using OrleansDL.Telemetry;

namespace OrleansDL.Serving.Statistics;

/// <summary>The metrics that dashboards made for the protocol's reference server look for, under its names: those of the model repository's project.</summary>
internal sealed class ProtocolMetrics(RouteTable routes, InferenceStatistics statistics, LocalReplicas local, IOptions<RepositoryOptions> options) : IMetricsText
{
    private readonly ProcessorUse _processors = new();

    public bool IsPublic => options.Value is { Public: true, Directory: not null };

    public void Write(StringBuilder text)
    {
        if (options.Value.Directory is null)
        {
            return;
        }

        var versions = routes.List(options.Value.Project).SelectMany(entry => entry.Versions).Where(version => version.Route.Generation is not null).ToList();
        var models = versions.ConvertAll(version => (Labels: MetricLabels.Of(version), Counters: statistics.Of(version.Route)));
        Counter(text, models, "nv_inference_request_success", "Number of successful inference requests, all batch sizes", counters => counters.Success.Count);
        Head(text, "nv_inference_request_failure", "counter", "Number of failed inference requests, all batch sizes");
        foreach (var version in versions)
        {
            foreach (var reason in Enum.GetValues<FailureReason>())
            {
                Sample(text, "nv_inference_request_failure", MetricLabels.Of(version, reason.ToString().ToUpperInvariant()), statistics.Of(version.Route).FailuresFor(reason));
            }
        }

        Counter(text, models, "nv_inference_count", "Number of inferences performed (does not include cached requests)", counters => counters.Inferences);
        Counter(text, models, "nv_inference_exec_count", "Number of model executions performed (does not include cached requests)", counters => counters.Executions);
        Duration(text, models, "request", "Cumulative inference request duration in microseconds (includes cached requests)", counters => counters.Success);
        Duration(text, models, "queue", "Cumulative inference queuing duration in microseconds (includes cached requests)", counters => counters.Queue);
        Duration(text, models, "compute_input", "Cumulative compute input duration in microseconds (does not include cached requests)", counters => counters.ComputeInput);
        Duration(text, models, "compute_infer", "Cumulative compute inference duration in microseconds (does not include cached requests)", counters => counters.ComputeInfer);
        Duration(text, models, "compute_output", "Cumulative inference compute output duration in microseconds (does not include cached requests)", counters => counters.ComputeOutput);
        Cache(text, [.. versions.Zip(models).Where(model => model.First.Route.Cache is not null).Select(model => model.Second)]);
        FirstResponse(text, [.. versions.Zip(models).Where(model => model.First.Signature is { Generation: not null } or { Decoupled: true }).Select(model => model.Second)]);
        Loading(text, [.. versions.Zip(models, (version, model) => (version.Route, model.Labels))]);
        Machine(text);
    }

    /// <summary>What waits is counted where it waits: a model on another process's worker shows 0 here.</summary>
    private void Loading(StringBuilder text, List<(Route Route, string Labels)> models)
    {
        Head(text, "nv_inference_pending_request_count", "gauge", "Instantaneous number of pending requests awaiting execution per-model.");
        models.ForEach(model => Sample(text, "nv_inference_pending_request_count", model.Labels, local.WaitingOf(model.Route.Generation!.Value)));
        Head(text, "nv_model_load_duration_secs", "gauge", "Model load time in seconds");
        foreach (var (route, labels) in models)
        {
            if (route.LoadSeconds is { } seconds)
            {
                Sample(text, "nv_model_load_duration_secs", labels, seconds);
            }
        }
    }

    private static void Cache(StringBuilder text, List<(string Labels, ModelStatistics Counters)> models)
    {
        if (models.Count > 0)
        {
            Counter(text, models, "nv_cache_num_hits_per_model", "Number of cache hits per model", counters => counters.CacheHit.Count);
            Counter(text, models, "nv_cache_num_misses_per_model", "Number of cache misses per model", counters => counters.CacheMiss.Count);
            Counter(text, models, "nv_cache_hit_duration_per_model", "Total cache hit duration per model, in microseconds", counters => counters.CacheHit.Nanoseconds / 1000);
            Counter(text, models, "nv_cache_miss_duration_per_model", "Total cache miss (insert+lookup) duration per model, in microseconds", counters => counters.CacheMiss.Nanoseconds / 1000);
        }
    }

    private static void FirstResponse(StringBuilder text, List<(string Labels, ModelStatistics Counters)> models)
    {
        if (models.Count > 0)
        {
            Histogram(text, models, "nv_inference_first_response_histogram_ms", "Duration from request to first response in milliseconds", counters => counters.FirstResponse, microseconds: 1000);
        }
    }

    private void Machine(StringBuilder text)
    {
        var (total, used) = ProcessorUse.Memory();
        Head(text, "nv_cpu_utilization", "gauge", "CPU utilization rate [0.0 - 1.0]");
        Sample(text, "nv_cpu_utilization", "", _processors.Utilization());
        Head(text, "nv_cpu_memory_total_bytes", "gauge", "CPU total memory (RAM), in bytes");
        Sample(text, "nv_cpu_memory_total_bytes", "", total);
        Head(text, "nv_cpu_memory_used_bytes", "gauge", "CPU used memory (RAM), in bytes");
        Sample(text, "nv_cpu_memory_used_bytes", "", used);
    }

    private static void Duration(StringBuilder text, List<(string Labels, ModelStatistics Counters)> models, string phase, string help, Func<ModelStatistics, PhaseTime> of)
    {
        Counter(text, models, $"nv_inference_{phase}_duration_us", help, counters => of(counters).Nanoseconds / 1000);
        Histogram(text, models, $"nv_inference_{phase}_duration_histogram_us", $"Histogram of the {phase} duration of inference requests in microseconds", of, microseconds: 1);
    }

    /// <param name="text">The page.</param>
    /// <param name="models">The models.</param>
    /// <param name="name">The metric's name.</param>
    /// <param name="help">What it says.</param>
    /// <param name="of">A model's times.</param>
    /// <param name="microseconds">How many make the metric's unit.</param>
    private static void Histogram(StringBuilder text, List<(string Labels, ModelStatistics Counters)> models, string name, string help, Func<ModelStatistics, PhaseTime> of, long microseconds)
    {
        Head(text, name, "histogram", help);
        foreach (var (labels, counters) in models)
        {
            var (time, below) = (of(counters), 0L);
            foreach (var (bound, count) in time.Buckets())
            {
                below += count;
                Sample(text, name + "_bucket", $"{labels},le=\"{(bound is { } upper ? (upper / microseconds).ToString(CultureInfo.InvariantCulture) : "+Inf")}\"", below);
            }

            Sample(text, name + "_sum", labels, time.Nanoseconds / 1000 / microseconds);
            Sample(text, name + "_count", labels, below);
        }
    }

    private static void Counter(StringBuilder text, List<(string Labels, ModelStatistics Counters)> models, string name, string help, Func<ModelStatistics, long> value)
    {
        Head(text, name, "counter", help);
        models.ForEach(model => Sample(text, name, model.Labels, value(model.Counters)));
    }

    private static void Head(StringBuilder text, string name, string type, string help) => text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private static void Sample(StringBuilder text, string name, string labels, double value) =>
        text.Append(CultureInfo.InvariantCulture, $"{name}{(labels.Length == 0 ? "" : $"{{{labels}}}")} {value:R}\n");
}
