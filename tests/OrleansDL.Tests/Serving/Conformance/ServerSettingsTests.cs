using System.Diagnostics;
using System.Text.Json;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using OrleansDL.Serving;
using OrleansDL.Serving.Logs;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Rpc.Wire;
using OrleansDL.Serving.Tracing;
using Told = OrleansDL.Serving.Rpc.Wire.LogSettingsRequest.Types.SettingValue;
using TraceOptions = OrleansDL.Serving.Tracing.TraceOptions;

namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>Trace and log settings of the protocol, over REST and gRPC, and what they do.</summary>
[Collection(ProtocolCollection.Name)]
public sealed class ServerSettingsTests(ProtocolNode node)
{
    private const string Body = """{"id":"seventh","inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}""";

    [Fact]
    public async Task A_models_trace_settings_follow_the_servers_until_it_has_its_own_and_again_after()
    {
        (await node.LoadAsync("followed", OffsetModel.Write(1))).EnsureSuccessStatusCode();
        Assert.Equal(Trace(level: "OFF", rate: 1000), await TraceAsync("", null));
        Assert.Equal(Trace(level: "OFF", rate: 12, frequency: 34), await TraceAsync("models/followed/", """{"trace_rate":"12","log_frequency":34}"""));
        Assert.Equal(Trace(level: "OFF", rate: 56, count: 78), await TraceAsync("", """{"trace_rate":"56","trace_count":"78","trace_level":["OFF"]}"""));
        Assert.Equal(Trace(level: "OFF", rate: 12, count: 78, frequency: 34), await TraceAsync("models/followed/", null));
        Assert.Equal(Trace(level: "OFF", rate: 1000), await TraceAsync("", """{"trace_rate":null,"trace_count":null,"trace_level":null,"trace_file":null}"""));

        var cleared = await node.Rpc.TraceSettingAsync(new TraceSettingRequest { ModelName = "followed", Settings = { ["trace_rate"] = new(), ["log_frequency"] = new() } });
        Assert.Equal(("1000", "0", "triton"), (cleared.Settings["trace_rate"].Value.Single(), cleared.Settings["log_frequency"].Value.Single(), cleared.Settings["trace_mode"].Value.Single()));
        var changed = await node.Rpc.TraceSettingAsync(new TraceSettingRequest { ModelName = "followed", Settings = { ["trace_level"] = new() { Value = { "TIMESTAMPS", "TENSORS" } } } });
        Assert.Equal(["TIMESTAMPS", "TENSORS"], changed.Settings["trace_level"].Value);
        await node.Rpc.TraceSettingAsync(new TraceSettingRequest { ModelName = "followed", Settings = { ["trace_level"] = new() } });
    }

    [Theory]
    [InlineData("", """{"trace_file":"other.log"}""", 501, "trace file location can not be updated through network protocol")]
    [InlineData("", """{"trace_level":["EVERYTHING"]}""", 400, "unknown level 'EVERYTHING'")]
    [InlineData("", """{"trace_rate":"0"}""", 400, "Unable to parse 'trace_rate', got: 0")]
    [InlineData("", """{"trace_speed":"0"}""", 400, "unknown trace setting 'trace_speed'")]
    [InlineData("", "[]", 400, "an object is expected")]
    [InlineData("models/nobody/", """{"trace_rate":"1"}""", 400, "Request for unknown model : nobody")]
    public async Task A_trace_setting_that_cannot_be_is_refused_by_name(string model, string body, int status, string message)
    {
        using var response = await node.Http.PostAsync($"/v2/{model}trace/setting", new StringContent(body));
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(message, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Traced_requests_are_in_the_file_with_their_times_and_tensors()
    {
        (await node.LoadAsync("traced", OffsetModel.Write(1))).EnsureSuccessStatusCode();
        await TraceAsync("models/traced/", """{"trace_level":["TIMESTAMPS","TENSORS"],"trace_rate":"2","trace_count":"2"}""");
        for (var request = 0; request < 8; request++)
        {
            (await node.Http.PostAsync("/v2/models/traced/infer", new StringContent(Body))).EnsureSuccessStatusCode();
        }

        await TraceAsync("models/traced/", """{"trace_level":null,"trace_rate":null,"trace_count":null}""");
        var traces = await TracesAsync("traced", 2 * 4);
        var heads = traces.Where(part => part.TryGetProperty("model_name", out _)).ToList();
        Assert.Equal(["traced", "traced"], heads.Select(head => head.GetProperty("model_name").GetString()));
        Assert.Equal("seventh", heads[0].GetProperty("request_id").GetString());
        var stamps = traces.First(part => part.TryGetProperty("timestamps", out _)).GetProperty("timestamps").EnumerateArray().ToList();
        Assert.Equal(
            ["HTTP_RECV_START", "HTTP_RECV_END", "REQUEST_START", "QUEUE_START", "COMPUTE_START", "COMPUTE_INPUT_END", "COMPUTE_OUTPUT_START", "COMPUTE_END", "REQUEST_END", "HTTP_SEND_START", "HTTP_SEND_END"],
            stamps.Select(stamp => stamp.GetProperty("name").GetString()));
        var times = stamps.Select(stamp => stamp.GetProperty("ns").GetInt64()).ToList();
        Assert.Equal(times.Order(), times);
        Assert.Contains(traces, part => part.ToString().Contains("""{"name":"x","data":"1,2,3,4","shape":"1,4","dtype":"FP32"}""", StringComparison.Ordinal));
        Assert.Contains(traces, part => part.ToString().Contains("\"activity\":\"TENSOR_BACKEND_OUTPUT\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_traced_ensemble_is_in_the_file_with_its_steps_and_theirs()
    {
        const string Ends = """max_batch_size: 4 input [ { name: "x" data_type: TYPE_FP32 dims: [ 4 ] } ] output [ { name: "y" data_type: TYPE_FP32 dims: [ 4 ] } ] """;
        (await node.LoadAsync("traced_step", OffsetModel.Write(1))).EnsureSuccessStatusCode();
        (await node.LoadAsync("traced_inner", [], $$"""platform: "ensemble" {{Ends}} ensemble_scheduling { step [ {{Step("traced_step", "x", "y")}} ] }""")).EnsureSuccessStatusCode();
        (await node.LoadAsync("traced_whole", [], $$"""platform: "ensemble" {{Ends}} ensemble_scheduling { step [ {{Step("traced_inner", "x", "middle")}}, {{Step("traced_step", "middle", "y")}} ] }""")).EnsureSuccessStatusCode();
        await TraceAsync("models/traced_whole/", """{"trace_level":["TIMESTAMPS"],"trace_rate":"1"}""");
        (await node.Http.PostAsync("/v2/models/traced_whole/infer", new StringContent(Body))).EnsureSuccessStatusCode();
        await TraceAsync("models/traced_whole/", """{"trace_level":null,"trace_rate":null}""");

        var traces = await TracesAsync("traced_whole", 4 * 2);
        var heads = traces.Where(part => part.TryGetProperty("model_name", out _)).OrderBy(part => part.GetProperty("id").GetInt64()).ToList();
        var ids = heads.ConvertAll(part => part.GetProperty("id").GetInt64());
        Assert.Equal(["traced_whole", "traced_inner", "traced_step", "traced_step"], heads.Select(part => part.GetProperty("model_name").GetString()));
        Assert.Equal([0, ids[0], ids[1], ids[0]], heads.Select(part => part.TryGetProperty("parent_id", out var parent) ? parent.GetInt64() : 0));
        Assert.Equal(ids[2..], traces.Where(part => part.ToString().Contains("COMPUTE_INPUT_END", StringComparison.Ordinal)).Select(part => part.GetProperty("id").GetInt64()).Order());
        Assert.Single(traces, part => part.ToString().Contains("HTTP_SEND_END", StringComparison.Ordinal));

        static string Step(string model, string from, string to) =>
            $$"""{ model_name: "{{model}}" model_version: -1 input_map { key: "x" value: "{{from}}" } output_map { key: "y" value: "{{to}}" } }""";
    }

    [Fact]
    public void A_callers_own_trace_is_followed_as_activities_whatever_the_rate()
    {
        List<Activity> activities = [];
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "OrleansDL.Serving",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activities.Add,
        };
        ActivitySource.AddActivityListener(listener);
        using var tracer = new Tracer(TimeProvider.System, Options.Create(new TraceOptions { Level = ["TIMESTAMPS"], Mode = "opentelemetry", Rate = 1000 }));
        var route = new Route { Deployment = Guid.NewGuid(), Project = "p", Name = "followed", Revision = 1, Public = true, ModelVersion = 3 };
        Assert.Null(tracer.Begin(route, "HTTP", new HeaderDictionary(), TimeProvider.System.GetTimestamp()));

        var headers = new HeaderDictionary { ["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
        var trace = tracer.Begin(route, "HTTP", headers, TimeProvider.System.GetTimestamp())!;
        trace.OnRequest(new InferenceCall { Id = "seventh" });
        trace.OnAnswer(new InferAnswer { Outputs = [] });
        trace.OnEnd();
        var activity = activities.Single(activity => (string?)activity.GetTagItem("triton.model_name") == "followed");
        Assert.Equal(("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"), (activity.TraceId.ToHexString(), activity.ParentSpanId.ToHexString()));
        Assert.Equal(3L, activity.GetTagItem("triton.model_version"));
        Assert.Equal("seventh", activity.GetTagItem("triton.request_id"));
        Assert.Contains(activity.Events, mark => mark.Name is "COMPUTE_START");
    }

    [Fact]
    public async Task Log_settings_change_over_both_protocols_and_are_told_the_same()
    {
        Assert.Equal("""{"log_file":"","log_info":true,"log_warning":true,"log_error":true,"log_verbose_level":0,"log_format":"default"}""", await LogAsync(null));
        try
        {
            Assert.Equal(
                """{"log_file":"","log_info":false,"log_warning":true,"log_error":true,"log_verbose_level":1,"log_format":"ISO8601"}""",
                await LogAsync("""{"log_info":false,"log_verbose_level":1,"log_format":"ISO8601"}"""));
            var told = await node.Rpc.LogSettingsAsync(new LogSettingsRequest { Settings = { ["log_warning"] = new Told { BoolParam = false } } });
            Assert.Equal((false, false, true, 1u, "ISO8601", ""), (
                told.Settings["log_info"].BoolParam, told.Settings["log_warning"].BoolParam, told.Settings["log_error"].BoolParam,
                told.Settings["log_verbose_level"].Uint32Param, told.Settings["log_format"].StringParam, told.Settings["log_file"].StringParam));
            var error = await Assert.ThrowsAsync<RpcException>(async () => await node.Rpc.LogSettingsAsync(new LogSettingsRequest { Settings = { ["log_file"] = new Told { StringParam = "x" } } }));
            Assert.Equal((StatusCode.Unimplemented, "log file location can not be updated through network protocol"), (error.StatusCode, error.Status.Detail));
            Assert.Contains("expect boolean for 'log_info'", await LogAsync("""{"log_info":"no"}"""), StringComparison.Ordinal);
            Assert.Contains("expect unsigned integer for 'log_verbose_level'", await LogAsync("""{"log_verbose_level":-1}"""), StringComparison.Ordinal);
        }
        finally
        {
            await LogAsync("""{"log_info":true,"log_warning":true,"log_error":true,"log_verbose_level":0,"log_format":"default"}""");
        }
    }

    [Fact]
    public void What_is_logged_follows_the_settings_at_once()
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddSimpleConsole(console => console.TimestampFormat = "HH ").AddFilter("OrleansDL.Quiet", LogLevel.Error));
        services.AddLogControl();
        using var provider = services.BuildServiceProvider();
        var logger = provider.GetRequiredService<ILoggerFactory>().CreateLogger("OrleansDL.Serving.Test");
        var quiet = provider.GetRequiredService<ILoggerFactory>().CreateLogger("OrleansDL.Quiet.Test");
        var other = provider.GetRequiredService<ILoggerFactory>().CreateLogger("Elsewhere");
        var control = provider.GetRequiredService<LogControl>();
        Assert.Equal((true, false), (logger.IsEnabled(LogLevel.Information), logger.IsEnabled(LogLevel.Debug)));

        control.Change(levels => levels with { Information = false, Verbose = 1, Dated = true });
        Assert.Equal((false, true, true, false), (logger.IsEnabled(LogLevel.Information), logger.IsEnabled(LogLevel.Warning), logger.IsEnabled(LogLevel.Debug), logger.IsEnabled(LogLevel.Trace)));
        Assert.Equal((false, false), (other.IsEnabled(LogLevel.Information), other.IsEnabled(LogLevel.Debug)));
        Assert.Equal((false, true), (quiet.IsEnabled(LogLevel.Warning), quiet.IsEnabled(LogLevel.Error)));
        Assert.StartsWith("yyyy-MM-dd", provider.GetRequiredService<IOptionsMonitor<SimpleConsoleFormatterOptions>>().CurrentValue.TimestampFormat, StringComparison.Ordinal);

        control.Change(_ => LogLevels.AsConfigured);
        Assert.Equal((true, false), (logger.IsEnabled(LogLevel.Information), logger.IsEnabled(LogLevel.Debug)));
        Assert.Equal("HH ", provider.GetRequiredService<IOptionsMonitor<SimpleConsoleFormatterOptions>>().CurrentValue.TimestampFormat);
    }

    private string Trace(string level, int rate, int count = -1, int frequency = 0) =>
        $$"""{"trace_level":["{{level}}"],"trace_rate":"{{rate}}","trace_count":"{{count}}","log_frequency":"{{frequency}}","trace_file":"{{node.TraceFile}}","trace_mode":"triton"}""";

    private async Task<string> TraceAsync(string model, string? body) => body is null
        ? await node.Http.GetStringAsync($"/v2/{model}trace/setting")
        : await (await node.Http.PostAsync($"/v2/{model}trace/setting", new StringContent(body))).Content.ReadAsStringAsync();

    private async Task<string> LogAsync(string? body) => body is null
        ? await node.Http.GetStringAsync("/v2/logging")
        : await (await node.Http.PostAsync("/v2/logging", new StringContent(body))).Content.ReadAsStringAsync();

    /// <summary>The parts of one model's traces and of their steps'. A trace is written when its answer has left, which its caller may see a moment sooner.</summary>
    private async Task<List<JsonElement>> TracesAsync(string model, int count)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                using var file = new FileStream(node.TraceFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                using var json = await JsonDocument.ParseAsync(file);
                HashSet<long> ids = [];
                foreach (var head in json.RootElement.EnumerateArray().Where(part => part.TryGetProperty("model_name", out _)).OrderBy(Id))
                {
                    if (head.TryGetProperty("parent_id", out var parent) ? ids.Contains(parent.GetInt64()) : head.GetProperty("model_name").GetString() == model)
                    {
                        ids.Add(Id(head));
                    }
                }

                var parts = json.RootElement.EnumerateArray().Where(part => ids.Contains(Id(part))).Select(part => part.Clone()).ToList();
                if (parts.Count >= count)
                {
                    return parts;
                }
            }
            catch (Exception error) when (error is JsonException or FileNotFoundException)
            {
                // Not there yet, or not to its end.
            }

            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30), $"There are fewer than {count} parts of traces after 30 s.");
            await Task.Delay(20);
        }

        static long Id(JsonElement part) => part.GetProperty("id").GetInt64();
    }
}
