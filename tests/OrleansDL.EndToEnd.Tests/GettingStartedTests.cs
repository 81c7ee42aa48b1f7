using System.Diagnostics;
using System.Text.RegularExpressions;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

[Collection(ProductCollection.Name)]
public sealed partial class GettingStartedTests
{
    /// <summary>Every command of the page, in order, in one shell, as someone would type them who has <c>odl</c> on the path.</summary>
    [Fact]
    public async Task Every_command_of_the_page_works_as_written()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "getting-started.md"));
        var commands = ShellBlock().Matches(page).Select(block => block.Groups[1].Value).ToList();
        Assert.NotEmpty(commands);

        using var folder = new TempFolder();
        using var home = new TempFolder();
        var script = string.Join('\n',
        [
            "set -euo pipefail",
            $"cd '{folder.Path}'",
            // What the page leaves running ends with the shell.
            "trap 'kill $(jobs -p) 2> /dev/null || true; wait' EXIT",
            "set -x",
            .. commands,
        ]);
        var start = new ProcessStartInfo("bash") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HOME"] = home.Path;
        start.Environment["REPOSITORY"] = Repository.Root;
        start.Environment["PATH"] = $"{Path.GetDirectoryName(Odl.Assembly)}:{Environment.GetEnvironmentVariable("PATH")}";
        using var shell = Process.Start(start)!;
        var output = shell.StandardOutput.ReadToEndAsync();
        var error = shell.StandardError.ReadToEndAsync();
        await shell.StandardInput.WriteAsync(script);
        shell.StandardInput.Close();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(180));
        try
        {
            await shell.WaitForExitAsync(deadline.Token);
        }
        finally
        {
            if (!shell.HasExited)
            {
                shell.Kill(entireProcessTree: true);
            }
        }

        Assert.True(shell.ExitCode == 0, $"{await output}\n{await error}");
    }

    [GeneratedRegex(@"^```(?:sh|bash|console)\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex ShellBlock();
}
