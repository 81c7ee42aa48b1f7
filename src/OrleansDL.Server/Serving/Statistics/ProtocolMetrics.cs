using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;
using OrleansDL.Serving.Repository;
using OrleansDL.Telemetry;

namespace OrleansDL.Serving.Statistics;

/// <summary>The metrics that dashboards made for the protocol's reference server look for, under its names: those of the model repository's project.</summary>
internal sealed class ProtocolMetrics(RouteTable routes, InferenceStatistics statistics, IOptions<RepositoryOptions> options) : IMetricsText
{
    private readonly ProcessorUse _processors = new();

    public bool IsPublic => options.Value is { Public: true, Directory: not null };

    public void Write(StringBuilder text)
    {
        if (options.Value.Directory is null)
        {
            return;
        }

        var models = routes.List(options.Value.Project).SelectMany(entry => entry.Versions).Where(version => version.Route.Generation is not null)
            .Select(version => (Labels: Labels(version), Counters: statistics.Of(version.Route))).ToList();
        Counter(text, models, "nv_inference_request_success", "Number of successful inference requests, all batch sizes", counters => counters.Success.Count);
        Head(text, "nv_inference_request_failure", "counter", "Number of failed inference requests, all batch sizes");
        foreach (var (labels, counters) in models)
        {
            foreach (var reason in Enum.GetValues<FailureReason>())
            {
                Sample(text, "nv_inference_request_failure", $"{labels},reason=\"{reason.ToString().ToUpperInvariant()}\"", counters.FailuresFor(reason));
            }
        }

        Counter(text, models, "nv_inference_count", "Number of inferences performed (does not include cached requests)", counters => counters.Inferences);
        Counter(text, models, "nv_inference_exec_count", "Number of model executions performed (does not include cached requests)", counters => counters.Executions);
        Duration(text, models, "request", "Cumulative inference request duration in microseconds (includes cached requests)", counters => counters.Success);
        Duration(text, models, "queue", "Cumulative inference queuing duration in microseconds (includes cached requests)", counters => counters.Queue);
        Duration(text, models, "compute_input", "Cumulative compute input duration in microseconds (does not include cached requests)", counters => counters.ComputeInput);
        Duration(text, models, "compute_infer", "Cumulative compute inference duration in microseconds (does not include cached requests)", counters => counters.ComputeInfer);
        Duration(text, models, "compute_output", "Cumulative inference compute output duration in microseconds (does not include cached requests)", counters => counters.ComputeOutput);
        Machine(text);
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
        var name = $"nv_inference_{phase}_duration_histogram_us";
        Head(text, name, "histogram", $"Histogram of the {phase} duration of inference requests in microseconds");
        foreach (var (labels, counters) in models)
        {
            var (time, below) = (of(counters), 0L);
            foreach (var (bound, count) in time.Buckets())
            {
                below += count;
                Sample(text, name + "_bucket", $"{labels},le=\"{(bound is { } microseconds ? microseconds.ToString(CultureInfo.InvariantCulture) : "+Inf")}\"", below);
            }

            Sample(text, name + "_sum", labels, time.Nanoseconds / 1000);
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

    // Names of deployments have no character that would need an escape.
    private static string Labels(RouteEntry version) => string.Create(CultureInfo.InvariantCulture, $"model=\"{version.Route.Name}\",version=\"{version.Number}\"");
}
