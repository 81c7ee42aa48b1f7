using System.Diagnostics;
using System.Text.RegularExpressions;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

/// <summary>The Python module against a real node, run by the Python that Debian brings.</summary>
[Collection(ProductCollection.Name)]
public sealed partial class PythonTests : IDisposable
{
    private const string Python = "/usr/bin/python3";
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task The_documented_program_pushes_reads_trains_watches_and_predicts()
    {
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = _folder["node"] });
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "datasets.md"));
        var blocks = PythonBlock().Matches(page).Select(block => block.Groups[1].Value).ToList();
        Assert.NotEmpty(blocks);

        var output = await RunAsync(node, string.Join('\n', blocks));
        Assert.StartsWith("500 rows, commit sha256:", output, StringComparison.Ordinal);
        Assert.Contains("\ncompleted", output, StringComparison.Ordinal);
        Assert.Matches(@"\nabove \S+\nbelow \S+\n", output);
        Assert.Contains("has no version 'v9'", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_modules_own_checks_pass()
    {
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = _folder["node"] });
        await RunAsync(node, await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests", "OrleansDL.EndToEnd.Tests", "Python", "checks.py")));
    }

    public void Dispose() => _folder.Dispose();

    private async Task<string> RunAsync(OdlProcess node, string program)
    {
        Directory.CreateDirectory(_folder["work"]);
        await File.WriteAllTextAsync(_folder["work/program.py"], program);
        var start = new ProcessStartInfo(Python, ["-W", "error", "program.py"])
        {
            WorkingDirectory = _folder["work"],
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PYTHONPATH"] = Path.Combine(Repository.Root, "src", "OrleansDL.Python");
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        start.Environment["ODL_DATA"] = node.Options.Data;
        using var python = Process.Start(start)!;
        var (output, error) = (python.StandardOutput.ReadToEndAsync(), python.StandardError.ReadToEndAsync());
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        try
        {
            await python.WaitForExitAsync(deadline.Token);
        }
        finally
        {
            if (!python.HasExited)
            {
                python.Kill();
            }
        }

        Assert.True(python.ExitCode == 0, $"{await output}\n{await error}\n{node.Output}");
        return await output;
    }

    [GeneratedRegex(@"^```python\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex PythonBlock();
}
