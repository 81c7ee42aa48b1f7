using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OrleansDL.Training;

namespace OrleansDL.Tests.Runner;

/// <summary>The worker's end of the training contract: a Unix socket, and the runner as a real process.</summary>
internal sealed class FakeWorker : IAsyncDisposable
{
    private readonly TestFolder _folder;
    private readonly WebApplication _web;
    private readonly Channel<string> _commands = Channel.CreateUnbounded<string>();

    private readonly Dictionary<(int Attempt, int Rank), string> _ranks = [];

    public FakeWorker(TestFolder folder)
    {
        _folder = folder;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(folder["worker.sock"]));
        _web = builder.Build();
        _web.MapPost("/metrics", async (HttpRequest request) =>
            Reports.Writer.TryWrite((await JsonSerializer.DeserializeAsync<RunReport>(request.Body, OdlJson.Options))!));
        _web.MapPost("/checkpoint", async (HttpRequest request) =>
        {
            using var body = await JsonDocument.ParseAsync(request.Body);
            var taken = Path.Combine(folder.Make("checkpoints"), TrainingJob.ResumeFile);
            File.Copy(body.RootElement.GetProperty("path").GetString()!, taken + ".copy", overwrite: true);
            File.Move(taken + ".copy", taken, overwrite: true);
            Checkpoints.Writer.TryWrite(body.RootElement.GetProperty("step").GetInt64());
        });
        _web.MapPost("/rendezvous", async (HttpRequest request) =>
        {
            var address = (await JsonSerializer.DeserializeAsync<RankAddress>(request.Body, OdlJson.Options))!;
            lock (_ranks)
            {
                _ranks[(address.Attempt, address.Rank)] = address.Address;
                var known = _ranks.Where(rank => rank.Key.Attempt == address.Attempt).OrderBy(rank => rank.Key.Rank).Select(rank => rank.Value).ToList();
                return Results.Json(new Rendezvous { Addresses = known.Count == Workers ? known : null }, OdlJson.Options);
            }
        });
        _web.MapGet("/control", async (CancellationToken cancellation) =>
            Results.Json(new { command = await _commands.Reader.ReadAsync(cancellation) }));
    }

    public Channel<RunReport> Reports { get; } = Channel.CreateUnbounded<RunReport>();

    public Channel<long> Checkpoints { get; } = Channel.CreateUnbounded<long>();

    /// <summary>Workers of the run.</summary>
    public int Workers { get; set; } = 1;

    public Task StartAsync() => _web.StartAsync();

    public void Command(string command) => _commands.Writer.TryWrite(command);

    /// <summary>Starts the runner; <paramref name="shell"/> puts a shell between it and this process.</summary>
    public Process StartRunner(RunnerAssignment assignment, string threads = "1", bool shell = false, int rank = 0)
    {
        var spec = _folder[$"spec-{Guid.NewGuid()}.json"];
        File.WriteAllBytes(spec, JsonSerializer.SerializeToUtf8Bytes(assignment, OdlJson.Options));
        var program = Path.Combine(AppContext.BaseDirectory, "OrleansDL.Runner.dll");
        var start = shell
            ? new ProcessStartInfo("sh", ["-c", $"dotnet '{program}' & echo $!; wait"])
            : new ProcessStartInfo("dotnet", [program]);
        start.RedirectStandardError = true;
        start.RedirectStandardOutput = true;
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["ODL_RUN"] = assignment.Run.ToString(),
            ["ODL_ATTEMPT"] = $"{assignment.Attempt}",
            ["ODL_SPEC"] = spec,
            ["ODL_DATA_DIR"] = _folder["data"],
            ["ODL_OUTPUT_DIR"] = _folder[rank == 0 ? "out" : $"out-{rank}"],
            ["ODL_RANK"] = $"{rank}",
            ["ODL_WORLD_SIZE"] = $"{Workers}",
            ["ODL_CHECKPOINT_DIR"] = _folder.Make("checkpoints"),
            ["ODL_SOCKET"] = _folder["worker.sock"],
            ["OMP_NUM_THREADS"] = threads,
            ["OMP_WAIT_POLICY"] = "passive",
        })
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    public async ValueTask DisposeAsync() => await _web.DisposeAsync();
}
