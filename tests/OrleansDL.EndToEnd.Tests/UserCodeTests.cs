using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

/// <summary>User code as its documentation shows it, by the commands that a user types, in the real sandbox.</summary>
[Collection(ProductCollection.Name)]
public sealed partial class UserCodeTests(SqliteNode node) : IClassFixture<SqliteNode>, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task The_documented_python_program_is_pushed_run_and_followed()
    {
        using var api = node.Process.Api();
        await CommitAsync(api, "numbers");
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "training.md"));
        var program = Blocks().Matches(page).Single(block => block.Groups[1].Value == "python").Groups[2].Value;
        var spec = Blocks().Matches(page).Single(block => block.Groups[2].Value.Contains("\"program\": \"code\"", StringComparison.Ordinal)).Groups[2].Value;
        Directory.CreateDirectory(_folder["mine"]);
        await File.WriteAllTextAsync(_folder["mine/train.py"], program + "(odl_train.output_dir / \"charts of it\").mkdir()\n(odl_train.output_dir / \"charts of it\" / \"a+b.txt\").write_text(\"below\")\n");
        await File.WriteAllTextAsync(_folder["spec.json"], spec);

        Assert.StartsWith("mine@1 sha256:", await OdlAsync(["code", "push", _folder["mine"]]), StringComparison.Ordinal);
        Assert.StartsWith("mine@1 ", await OdlAsync(["code", "push", _folder["mine"], "--name", "mine"]), StringComparison.Ordinal);
        await OdlAsync(["run", "start", _folder["spec.json"], "--name", "documented"]);
        Assert.Contains("Attempt 1 runs as process", await OdlAsync(["run", "logs", "documented", "--follow"]), StringComparison.Ordinal);
        var run = await Scenario.CompletedAsync(api, "documented");
        Assert.Equal(["charts of it/a+b.txt", "mean.txt", "metrics.json"], run.GetProperty("artifact").EnumerateObject().Select(file => file.Name).Order());
        Assert.Equal(2.5, run.GetProperty("metrics").GetProperty("mean").GetDouble(), 0.01);

        await OdlAsync(["run", "download", "documented", "charts of it/a+b.txt", "--output", _folder["below"]]);
        Assert.Equal("below", await File.ReadAllTextAsync(_folder["below"]));

        Assert.Contains("mine", await OdlAsync(["code", "list"]), StringComparison.Ordinal);
        Assert.Contains("train.py", await OdlAsync(["code", "show", "mine", "--version", "1"]), StringComparison.Ordinal);
        Assert.Contains("sha256:", await OdlAsync(["code", "versions", "mine"]), StringComparison.Ordinal);
        await OdlAsync(["code", "download", "mine", "--output", _folder["mine.tar"]]);
        Assert.StartsWith("mine@1 ", await OdlAsync(["code", "push", _folder["mine.tar"]]), StringComparison.Ordinal);
        await OdlAsync(["code", "delete", "mine"]);
        Assert.NotEqual(0, (await Odl.RunAsync(["code", "show", "mine", "--data", node.Process.Options.Data])).ExitCode);
    }

    [Fact]
    public async Task A_plug_in_from_the_template_is_built_pushed_and_run()
    {
        using var api = node.Process.Api();
        await CommitAsync(api, "plugged");
        var environment = new Dictionary<string, string>
        {
            ["DOTNET_CLI_HOME"] = _folder["home"],
            ["DOTNET_NOLOGO"] = "1",
            ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
            ["DOTNET_GENERATE_ASPNET_CERTIFICATE"] = "false",
            ["MSBUILDDISABLENODEREUSE"] = "1",
        };
        Directory.CreateDirectory(_folder["home"]);
        Directory.CreateDirectory(_folder["work"]);
        await DotnetAsync(environment, "new", "install", Path.Combine(Repository.Root, "src", "templates", "odl-training"));
        await DotnetAsync(environment, "new", "odl-training", "-n", "MyTraining", "-o", "MyTraining");
        await MayHangAsync(_folder["work/MyTraining/Training.cs"]);
        await DotnetAsync(environment, "publish", "MyTraining", "-c", "Release", "-o", "out", $"-p:OrleansDL={Path.GetDirectoryName(Odl.Assembly)}", "-p:UseSharedCompilation=false");
        await OdlAsync(["code", "push", Path.Combine(_folder["work"], "out"), "--name", "plug-in"]);
        await api.PostAsync($"{Scenario.Project}/training-runs", new { name = "plugged", dataset = "plugged", program = "code", code = new { reference = "plug-in@1", assembly = "MyTraining.dll" } });
        await api.PostAsync(
            $"{Scenario.Project}/training-runs",
            new { name = "hangs", dataset = "plugged", program = "code", hangSeconds = 5, maxRetries = 0, code = new { reference = "plug-in@1", assembly = "MyTraining.dll", environment = new Dictionary<string, string> { ["HANGS"] = "1" } } });
        var run = await Scenario.CompletedAsync(api, "plugged", Patience);
        Assert.Equal(["mean.txt"], run.GetProperty("artifact").EnumerateObject().Select(file => file.Name));
        Assert.Equal(100, run.GetProperty("progress").GetProperty("step").GetInt64());

        // What its managed threads did is in the log of one that hangs.
        var log = await OdlAsync(["run", "logs", "hangs", "--follow"]);
        Assert.True(log.Contains("at MyTraining.Training.WaitsForEver()", StringComparison.Ordinal), log);
        Assert.StartsWith("It made no progress for 5 seconds and was killed", (await Scenario.RunAsync(api, "hangs")).Text("reason"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_reaches_the_code_that_asks_for_it_and_nobody_else()
    {
        const string Value = "correct horse battery";
        using var api = node.Process.Api();
        await CommitAsync(api, "secretive");
        Directory.CreateDirectory(_folder["ask"]);
        await File.WriteAllTextAsync(
            _folder["ask/train.py"],
            "import os, odl_train\nvalue = os.environ.get('API_KEY', 'none')\nprint('it is', value, len(value), flush=True)\nodl_train.log('by socket ' + value)\nif value == 'none': raise SystemExit('without')\nraise SystemExit('failed with ' + value)\n");
        await OdlAsync(["code", "push", _folder["ask"]]);
        object Spec(string name, params string[] secrets) =>
            new { name, dataset = "secretive", program = "code", code = new { reference = "ask", command = new[] { "python3", "train.py" }, secrets } };
        using var refused = System.Net.Http.Json.JsonContent.Create(Spec("early", "API_KEY"));
        var (status, problem) = await api.TryAsync(HttpMethod.Post, $"{Scenario.Project}/training-runs", refused);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, status);
        Assert.Contains("There is no secret 'API_KEY'", problem.ToString(), StringComparison.Ordinal);

        Assert.DoesNotContain(Value, await OdlAsync(["secret", "set", "API_KEY"], Value + "\n"), StringComparison.Ordinal);
        Assert.Contains("API_KEY", await OdlAsync(["secret", "list"]), StringComparison.Ordinal);
        Assert.DoesNotContain(Value, (await api.GetAsync($"{Scenario.Project}/secrets")).ToString(), StringComparison.Ordinal);
        await api.PostAsync($"{Scenario.Project}/training-runs", Spec("asks", "API_KEY"));
        await api.PostAsync($"{Scenario.Project}/training-runs", Spec("asks-not"));
        var (asks, not) = (await OdlAsync(["run", "logs", "asks", "-f"]), await OdlAsync(["run", "logs", "asks-not", "-f"]));
        Assert.Contains($"it is *** {Value.Length}", asks, StringComparison.Ordinal);
        Assert.Contains("by socket ***", asks, StringComparison.Ordinal);
        Assert.DoesNotContain(Value, asks, StringComparison.Ordinal);
        Assert.Contains("it is none 4", not, StringComparison.Ordinal);
        Assert.Equal("failed with ***", (await Scenario.RunAsync(api, "asks")).Text("reason"));

        // Neither the database, nor what the node printed, nor any file of its folder but the key holds it.
        foreach (var file in Directory.EnumerateFiles(node.Process.Options.Data, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != "node.lock"))
        {
            Assert.False(Holds(file, Value), file);
        }

        Assert.DoesNotContain(Value, node.Process.Output, StringComparison.Ordinal);
        await OdlAsync(["secret", "delete", "API_KEY"]);
        Assert.Empty((await api.GetAsync($"{Scenario.Project}/secrets")).Items());
    }

    public void Dispose() => _folder.Dispose();

    private static async Task MayHangAsync(string source)
    {
        const string Before = "        var (step, mean) = ";
        const string Method = "    private static async Task SaveAsync";
        var text = await File.ReadAllTextAsync(source);
        await File.WriteAllTextAsync(source, text
            .Replace(Before, "        if (Environment.GetEnvironmentVariable(\"HANGS\") is not null)\n        {\n            WaitsForEver();\n        }\n\n" + Before, StringComparison.Ordinal)
            .Replace(Method, "    private static void WaitsForEver()\n    {\n        using var never = new ManualResetEventSlim();\n        never.Wait();\n    }\n\n" + Method, StringComparison.Ordinal));
    }

    private static bool Holds(string file, string text)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[stream.Length];
            return bytes.AsSpan(0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)).IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    private static async Task CommitAsync(Api api, string dataset)
    {
        await api.PostAsync($"{Scenario.Project}/datasets", new { name = dataset, kind = "table" });
        await api.UploadAsync($"{Scenario.Project}/datasets/{dataset}/commits?message=rows&format=csv&path=data.csv&mode=replace", "value,label\n1,a\n2,b\n3,a\n4,b\n");
    }

    private async Task<string> OdlAsync(IEnumerable<string> arguments, string? input = null) =>
        (await Odl.RunAsync([.. arguments, "--data", node.Process.Options.Data], within: Patience, input: input)).Succeeded();

    private async Task DotnetAsync(Dictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = _folder["work"], RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(Patience);
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(deadline.Token), process.StandardError.ReadToEndAsync(deadline.Token));
            await process.WaitForExitAsync(deadline.Token);
            Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)}\n{await output}\n{await error}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    [GeneratedRegex(@"^```(python|json)\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();
}
