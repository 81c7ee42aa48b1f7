using System.Formats.Tar;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Blobs;
using OrleansDL.Models;
using OrleansDL.Tests.Serving;
using OrleansDL.Training;
using OrleansDL.UserCode;

namespace OrleansDL.Tests.Training.Sandbox;

/// <summary>Runs that execute user code, from the push to the artifact, in the real sandbox.</summary>
public sealed class CodeRunTests
{
    [Fact]
    public async Task A_python_program_reads_its_data_reports_and_leaves_an_artifact()
    {
        await using var node = await TrainingNode.StartAsync();
        var run = await node.EndedAsync((await CreateAsync(
            node,
            $$"""
            import base64, json, odl_train
            rows = (odl_train.data_dir / "data.csv").read_text().splitlines()
            print("rows", len(rows) - 1, odl_train.parameters()["greeting"])
            for step in range(1, 6):
                odl_train.metric("train.loss", step, 1 / step)
                odl_train.progress(step, 5)
            odl_train.log("by the socket")
            (odl_train.output_dir / "weights.bin").write_bytes(b"1234")
            (odl_train.output_dir / "charts" / "of loss").mkdir(parents=True)
            (odl_train.output_dir / "charts" / "of loss" / "all.svg").write_text("<svg/>")
            (odl_train.output_dir / "metrics.json").write_text(json.dumps({"validation.accuracy": 0.75}))
            (odl_train.output_dir / "model.onnx").write_bytes(base64.b64decode("{{Convert.ToBase64String(OffsetModel.Write(1))}}"))
            """,
            registerAs: "offset")).Id);
        Assert.True(run.Status is RunStatus.Completed, run.Reason);
        Assert.Equal(0.75, run.Metrics!["validation.accuracy"]);
        Assert.Equal(["charts/of loss/all.svg", "metrics.json", "model.onnx", "weights.bin"], run.Artifact!.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("<svg/>", Encoding.UTF8.GetString(await node.Services.GetRequiredService<BlobStore>().ReadAsync(run.Artifact["charts/of loss/all.svg"].Blob)));

        // The model is code's, and so runs apart from the worker when it is deployed.
        var model = await node.Grains.GetGrain<IModelsGrain>(TrainingNode.Project).ResolveAsync("offset@1");
        Assert.Equal(ModelOrigin.Code, model.Origin);
        Assert.Equal(run.Artifact.Keys.Order(), model.Artifact.Keys.Order());
        Assert.Equal(1, run.Code!.Version);
        var log = await LogAsync(node, run);
        Assert.Contains("rows 2 hello", log, StringComparison.Ordinal);
        Assert.Contains("by the socket", log, StringComparison.Ordinal);
        var points = (await node.Runs.ListMetricsAsync(run.Name, "train.loss", PageRequest.First)).Items;
        Assert.Equal([1, 2, 3, 4, 5], points.Select(point => point.Step));
        Assert.Equal(5, run.Progress!.Step);
        var graph = await node.Grains.GetGrain<ILineageGrain>(TrainingNode.Project).WalkAsync($"run:{run.Id}", LineageDirection.Up, 5);
        Assert.Contains(graph.Edges, edge => edge.Role == "executed" && edge.Source == $"code-version:{run.Code.Code}/1");
    }

    [Fact]
    public async Task A_python_program_leaves_with_a_checkpoint_and_goes_on_from_it()
    {
        await using var node = await TrainingNode.StartAsync();
        var run = await node.EndedAsync((await CreateAsync(
            node,
            """
            import odl_train
            if odl_train.attempt == 1:
                (odl_train.checkpoint_dir / "mine").write_text("at seven")
                odl_train.checkpoint(7, "mine")
                odl_train.leave()
            print("goes on", odl_train.last_checkpoint().read_text())
            """)).Id);
        Assert.True(run.Status is RunStatus.Completed, run.Reason);
        Assert.Equal((2, 7L), (run.Attempt, run.ResumedFromStep));
        Assert.Contains("goes on at seven", await LogAsync(node, run), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_python_program_that_hangs_leaves_the_stacks_of_its_threads_and_is_ended()
    {
        await using var node = await TrainingNode.StartAsync();
        var run = await node.EndedAsync((await CreateAsync(
            node,
            """
            import odl_train, threading
            def waits_for_ever():
                threading.Event().wait()
            waits_for_ever()
            """,
            hangSeconds: 1)).Id);
        Assert.Equal(RunStatus.Failed, run.Status);
        Assert.StartsWith("It made no progress for 1 seconds and was killed", run.Reason, StringComparison.Ordinal);
        Assert.Contains("in waits_for_ever", await LogAsync(node, run), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flood_of_metrics_is_held_back_and_the_run_goes_on()
    {
        await using var node = await TrainingNode.StartAsync();
        var run = await node.EndedAsync((await CreateAsync(
            node,
            """
            import odl_train
            for i in range(30000):
                odl_train.metric(f"m{i}", 1, i)
            for i in range(30000):
                odl_train.metric("one", i, i)
            """)).Id);
        Assert.True(run.Status is RunStatus.Completed, run.Reason);
        Assert.Contains("points were dropped", await LogAsync(node, run), StringComparison.Ordinal);
        Assert.InRange((await node.Runs.ListMetricsAsync(run.Name, null, new PageRequest { Size = PageRequest.MaximumSize })).Items.Count, 1, PageRequest.MaximumSize);
    }

    [Fact]
    public async Task A_report_that_names_another_attempt_is_refused_and_another_run_cannot_be_named()
    {
        await using var node = await TrainingNode.StartAsync(slots: 2);
        var victim = await CreateAsync(node, "import time\nwhile True: time.sleep(1)", name: "victim");
        await node.UntilAsync(victim.Id, run => run.Status is RunStatus.Running);
        var forger = await node.EndedAsync((await CreateAsync(
            node,
            $$"""
            import odl_train, json, os
            def post(path, body):
                connection = odl_train._Connection("worker", timeout=10)
                connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
                print(path, connection.getresponse().status, flush=True)
            point = {"name": "forged", "step": 1, "value": 1, "time": "2026-01-01T00:00:00Z"}
            post("/metrics", {"attempt": 9, "sequence": 1, "metrics": [point]})
            post("/metrics", {"run": "{{victim.Id}}", "attempt": 1, "sequence": 1, "metrics": [point]})
            post("/metrics?run={{victim.Id}}", {"attempt": 1, "sequence": 2, "metrics": [point]})
            post("/checkpoint", {"step": 1, "path": "/etc/passwd"})
            post("/checkpoint", {"step": 1, "path": "../assignment.json"})
            os.symlink("/etc/hostname", odl_train.checkpoint_dir / "link")
            post("/checkpoint", {"step": 1, "path": "link"})
            os.mkfifo(odl_train.output_dir / "pipe")
            os.symlink("/etc/shadow", odl_train.output_dir / "shadow")
            os.mkdir(odl_train.output_dir / "below")
            os.symlink("/etc", odl_train.output_dir / "below" / "etc")
            """,
            name: "forger")).Id);
        Assert.True(forger.Status is RunStatus.Completed, forger.Reason);
        Assert.Contains("/metrics 409", await LogAsync(node, forger), StringComparison.Ordinal);
        Assert.Empty(forger.Artifact!);
        Assert.Null(forger.LastCheckpoint);
        Assert.Empty((await node.Runs.ListMetricsAsync("victim", null, PageRequest.First)).Items);
        Assert.Equal(RunStatus.Running, (await node.Runs.GetAsync("victim")).Status);
        await node.Grains.GetGrain<ITrainingRunGrain>(victim.Id).CancelAsync();
        Assert.Equal(RunStatus.Cancelled, (await node.EndedAsync(victim.Id)).Status);
    }

    [Fact]
    public async Task A_run_beyond_its_memory_fails_and_says_so()
    {
        await using var node = await TrainingNode.StartAsync();
        var run = await node.EndedAsync((await CreateAsync(
            node, "x = []\nwhile True: x.append(bytearray(8 << 20))", limits: new CodeLimits { MemoryBytes = 64 << 20 })).Id);
        Assert.Equal((RunStatus.Failed, 1), (run.Status, run.Attempt));
        Assert.Contains("code.limits.memoryBytes is 67108864", run.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_reports_what_isolates_user_code()
    {
        await using var node = await TrainingNode.StartAsync();
        var workers = await node.UntilAsync(() => node.Scheduler.ListWorkersAsync(), list => list.Count == 1);
        Assert.Equal("bubblewrap", workers[0].Isolation!.Kind);
        Assert.Equal(["cpus", "disk", "files", "memory", "processes"], workers[0].Isolation!.Limits.Keys.Order());
    }

    [Fact]
    public async Task Without_a_sandbox_user_code_waits_and_says_why()
    {
        await using var node = await TrainingNode.StartAsync(bubblewrap: "/bin/false");
        var run = await CreateAsync(node, "print('never')");
        run = await node.UntilAsync(run.Id, r => r.Reason is not null);
        Assert.Equal(RunStatus.Queued, run.Status);
        Assert.Contains("no worker of pool 'default' runs any. Worker 'w1': A trial of bubblewrap failed", run.Reason, StringComparison.Ordinal);
        Assert.Contains("--unsafe-user-code", run.Reason, StringComparison.Ordinal);
        await node.Grains.GetGrain<ITrainingRunGrain>(run.Id).CancelAsync();
        Assert.Equal(RunStatus.Cancelled, (await node.EndedAsync(run.Id)).Status);
    }

    [Fact]
    public async Task A_worker_that_was_told_so_runs_user_code_without_a_sandbox()
    {
        await using var node = await TrainingNode.StartAsync(bubblewrap: "/bin/false", unsafeUserCode: true);
        Assert.Equal("unsafe", (await node.UntilAsync(() => node.Scheduler.ListWorkersAsync(), list => list.Count == 1))[0].Isolation!.Kind);
        var run = await node.EndedAsync((await CreateAsync(node, "import odl_train\nprint(odl_train.data_dir)\nodl_train.metric('a', 1, 2)")).Id);
        Assert.True(run.Status is RunStatus.Completed, run.Reason);
        Assert.Contains("/w1/", await LogAsync(node, run), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_files_are_the_same_version_and_what_leads_out_is_refused()
    {
        await using var node = await TrainingNode.StartAsync();
        var first = await PushAsync(node, ("train.py", "print(1)"), ("lib/a.py", "x = 1"));
        var again = await PushAsync(node, ("./lib/a.py", "x = 1"), ("train.py", "print(1)"));
        var other = await PushAsync(node, ("train.py", "print(2)"));
        Assert.Equal(first, again);
        Assert.Equal((1L, 2L), (first.Version, other.Version));
        Assert.Equal(first, await node.Grains.GetGrain<ICodeGrain>(TrainingNode.Project).ResolveAsync($"mine@{first.Digest}"));
        foreach (var path in (string[])["../out", "/etc/passwd", "a/../../b", "a//b", "a\\b", "."])
        {
            await Assert.ThrowsAsync<InvalidException>(() => PushAsync(node, (path, "x")));
        }

        await Assert.ThrowsAsync<InvalidException>(() => PushAsync(node, ("a", "x"), ("a/b", "y")));
        await Assert.ThrowsAsync<InvalidException>(() => PushAsync(node));
        var archive = node.Services.GetRequiredService<CodeArchive>();
        using var link = new MemoryStream();
        await using (var tar = new TarWriter(link, leaveOpen: true))
        {
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.SymbolicLink, "link") { LinkName = "/etc/passwd" });
        }

        link.Position = 0;
        await Assert.ThrowsAsync<InvalidException>(() => archive.StoreAsync(link, CancellationToken.None));
        using var noise = new MemoryStream([0x50, 0x4b, 1, 2, 3]);
        await Assert.ThrowsAsync<InvalidException>(() => archive.StoreAsync(noise, CancellationToken.None));
    }

    private static async Task<TrainingRun> CreateAsync(TrainingNode node, string program, CodeLimits? limits = null, string? name = null, double? hangSeconds = null, string? registerAs = null)
    {
        var dataset = await node.AddTableAsync("data-" + (name ?? "x"), "a,label\n1,yes\n2,no\n");
        var version = await PushAsync(node, ("train.py", program));
        return await node.CreateAsync(new TrainingSpec
        {
            Name = name,
            Dataset = dataset,
            Program = TrainingProgram.Code,
            RegisterAs = registerAs,
            HangSeconds = hangSeconds,
            MaxRetries = hangSeconds is null ? null : 0,
            Parameters = new Dictionary<string, string> { ["greeting"] = "hello" },
            Code = new CodeSpec { Reference = $"mine@{version.Version}", Command = ["/usr/bin/python3", "train.py"], Limits = limits, GraceSeconds = 0.3 },
        });
    }

    private static async Task<CodeVersion> PushAsync(TrainingNode node, params (string Path, string Text)[] files)
    {
        using var bytes = new MemoryStream();
        await using (var tar = new TarWriter(bytes, leaveOpen: true))
        {
            foreach (var (path, text) in files)
            {
                await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
            }
        }

        bytes.Position = 0;
        var digest = await node.Services.GetRequiredService<CodeArchive>().StoreAsync(bytes, CancellationToken.None);
        return await node.Grains.GetGrain<ICodeGrain>(TrainingNode.Project).RegisterAsync(new CodeRegistration { Name = "mine", Digest = digest });
    }

    private static async Task<string> LogAsync(TrainingNode node, TrainingRun run) =>
        string.Join('\n', (await node.Runs.ListLogsAsync(run.Id.ToString(), new PageRequest { Size = PageRequest.MaximumSize })).Items.Select(line => line.Text));
}
