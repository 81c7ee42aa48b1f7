using System.Diagnostics.Metrics;

namespace OrleansDL.Serving.Residency;

/// <summary>What models on demand do: the waits of this server's requests, and the memory of every worker as it told.</summary>
internal sealed class ResidencyMetrics
{
    private readonly Histogram<double> _held;
    private readonly Counter<long> _refused;

    public ResidencyMetrics(IMeterFactory meters, ModelDirectory directory)
    {
        var meter = meters.Create("OrleansDL.Serving.Residency");
        _held = meter.CreateHistogram<double>("orleansdl.serving.cold.duration", "s", "Time that requests waited for a model to be loaded.");
        _refused = meter.CreateCounter<long>("orleansdl.serving.cold.refusals", "{request}", "Requests that got no model: too many waited, for too long, or it could not be loaded.");
        meter.CreateObservableGauge("orleansdl.serving.worker.models", () => Of(directory, host => host.Loaded), "{model}", "Models loaded on a worker.");
        meter.CreateObservableGauge("orleansdl.serving.worker.memory.used", () => Of(directory, host => host.UsedBytes), "By", "Bytes that the models loaded on a worker take.");
        meter.CreateObservableGauge("orleansdl.serving.worker.memory.limit", () => Of(directory, host => host.LimitBytes), "By", "Bytes that models may take on a worker.");
        meter.CreateObservableCounter("orleansdl.serving.worker.loads", () => Of(directory, host => host.Loads), "{model}", "Models loaded since the worker started.");
        meter.CreateObservableCounter("orleansdl.serving.worker.evictions", () => Of(directory, host => host.Evictions), "{model}", "Models evicted for room since the worker started.");
        meter.CreateObservableCounter("orleansdl.serving.worker.idle.unloads", () => Of(directory, host => host.IdleUnloads), "{model}", "Models unloaded because nobody asked for them, since the worker started.");
    }

    public void OnHeld(TimeSpan time) => _held.Record(time.TotalSeconds);

    public void OnRefused() => _refused.Add(1);

    private static IEnumerable<Measurement<long>> Of(ModelDirectory directory, Func<ModelHost, long> value) =>
        directory.Hosts().Select(host => new Measurement<long>(value(host), new("worker", host.Worker), new KeyValuePair<string, object?>("device", host.Device)));
}
