using System.Diagnostics.Metrics;

namespace OrleansDL.Telemetry;

/// <summary>The serving metrics of this node, as scraped from <c>/metrics</c>.</summary>
internal sealed class ServingMetrics
{
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _token;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _errors;
    private readonly Counter<long> _shadows;
    private readonly Histogram<double> _differences;

    public ServingMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("OrleansDL.Serving");
        _duration = meter.CreateHistogram("orleansdl.serving.request.duration", "s", "Time from a request's arrival to its answer.", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
        _firstToken = meter.CreateHistogram("orleansdl.serving.first_token.duration", "s", "Time from a request's arrival to the first token of its text.", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] });
        _token = meter.CreateHistogram("orleansdl.serving.token.duration", "s", "Mean time of a text's tokens after the first.", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1] });
        _tokens = meter.CreateCounter<long>("orleansdl.serving.tokens", "{token}", "Tokens added to texts.");
        _errors = meter.CreateCounter<long>("orleansdl.serving.errors", "{request}", "Requests that were refused, by HTTP status.");
        _shadows = meter.CreateCounter<long>("orleansdl.serving.shadow.requests", "{request}", "Requests sampled for a shadow, by what came of it: agreed, differed, failed, dropped.");
        _differences = meter.CreateHistogram("orleansdl.serving.shadow.difference", "1", "Greatest difference of a shadow's numbers, as a part of the greatest number of their tensor.", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1] });
    }

    public void OnAnswer(ServingTags tags, TimeSpan latency) => _duration.Record(latency.TotalSeconds, tags.Identity);

    public void OnText(ServingTags tags, TimeSpan first, TimeSpan whole, int tokens)
    {
        _firstToken.Record(first.TotalSeconds, tags.Identity);
        _tokens.Add(tokens, tags.Identity);
        if (tokens > 1)
        {
            _token.Record((whole - first).TotalSeconds / (tokens - 1), tags.Identity);
        }
    }

    public void OnShadow(ServingTags tags, string outcome, double? difference)
    {
        _shadows.Add(1, [.. tags.Identity, new("outcome", outcome)]);
        if (difference is { } known)
        {
            _differences.Record(known, tags.Identity);
        }
    }

    public void OnError(ServingTags tags, int status) => _errors.Add(1, tags.WithStatus(status));
}
