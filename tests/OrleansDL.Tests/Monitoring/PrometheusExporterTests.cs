using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansDL.Serving;
using OrleansDL.Telemetry;

namespace OrleansDL.Tests.Monitoring;

public sealed class PrometheusExporterTests : IAsyncLifetime, IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly PrometheusExporter _exporter;
    private readonly Meter _meter;

    public PrometheusExporterTests()
    {
        _exporter = new PrometheusExporter(Factory, Options.Create(new MetricsOptions { MaximumSeries = 3 }));
        _meter = Factory.Create("OrleansDL.Tests");
    }

    private IMeterFactory Factory => _services.GetRequiredService<IMeterFactory>();

    [Fact]
    public void Names_and_units_follow_Prometheus()
    {
        _meter.CreateCounter<long>("orleansdl.tests.request.count", "{request}", "Requests.").Add(2, new KeyValuePair<string, object?>("a.b", "x\"y\\z\n"));
        _meter.CreateCounter<double>("orleansdl.tests.wait", "ms", "Waiting.").Add(1500);
        _meter.CreateUpDownCounter<int>("orleansdl.tests.memory", "By", "Memory.").Add(5);

        var text = _exporter.Write();

        Assert.Contains("# HELP orleansdl_tests_request_total Requests.\n# TYPE orleansdl_tests_request_total counter\norleansdl_tests_request_total{a_b=\"x\\\"y\\\\z\\n\"} 2\n", text);
        Assert.Contains("\norleansdl_tests_wait_seconds_total 1.5\n", text);
        Assert.Contains("# TYPE orleansdl_tests_memory_bytes gauge\norleansdl_tests_memory_bytes 5\n", text);
    }

    [Fact]
    public void A_histogram_counts_up_to_each_bound_inclusive()
    {
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2] };
        var histogram = _meter.CreateHistogram("orleansdl.tests.size", "By", "Sizes.", tags: null, advice);
        foreach (var size in (double[])[1, 1.5, 2, 3])
        {
            histogram.Record(size);
        }

        Assert.Contains(
            """
            orleansdl_tests_size_bytes_bucket{le="1"} 1
            orleansdl_tests_size_bytes_bucket{le="2"} 3
            orleansdl_tests_size_bytes_bucket{le="+Inf"} 4
            orleansdl_tests_size_bytes_sum 7.5
            orleansdl_tests_size_bytes_count 4
            """,
            _exporter.Write());
    }

    [Fact]
    public void Labels_without_end_are_counted_together()
    {
        var counter = _meter.CreateCounter<long>("orleansdl.tests.many");
        for (var label = 0; label < 10; label++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("label", label));
        }

        Assert.Contains("\norleansdl_tests_many_total{otel_metric_overflow=\"true\"} 7\n", _exporter.Write());
    }

    [Fact]
    public void What_an_observable_instrument_no_longer_reports_is_no_longer_shown()
    {
        var workers = new List<string> { "one", "two" };
        _meter.CreateObservableGauge("orleansdl.tests.slots", () => workers.Select(name => new Measurement<int>(1, new KeyValuePair<string, object?>("worker", name))));
        Assert.Contains("worker=\"two\"", _exporter.Write());

        workers.Remove("two");

        Assert.DoesNotContain("worker=\"two\"", _exporter.Write());
    }

    [Fact]
    public void Another_nodes_meters_in_the_same_process_are_not_shown()
    {
        using var other = new ServiceCollection().AddMetrics().BuildServiceProvider();
        other.GetRequiredService<IMeterFactory>().Create("OrleansDL.Other").CreateCounter<long>("orleansdl.tests.other").Add(1);

        Assert.DoesNotContain("orleansdl_tests_other", _exporter.Write());
    }

    [Fact]
    public async Task Promtool_finds_no_fault_with_what_a_node_exposes()
    {
        var windows = new ServingWindows(new FakeTimeProvider(), Factory);
        windows.OnAnswer(Routes.Digits(1), TimeSpan.FromMilliseconds(2), [new LabelScore("7", 0.9)]);
        windows.OnError(Routes.Digits(1), TimeSpan.FromMilliseconds(2), 503);
        GC.Collect();

        var text = _exporter.Write();
        Assert.Contains("orleansdl_serving_request_duration_seconds_count{", text);
        Assert.Contains("dotnet_gc_collections_total{", text);
        Assert.Equal((0, ""), await Promtool.CheckAsync(text));
    }

    public Task InitializeAsync() => _exporter.StartAsync(CancellationToken.None);

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _exporter.Dispose();
        _services.Dispose();
    }
}
