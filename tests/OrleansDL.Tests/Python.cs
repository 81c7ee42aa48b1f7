using System.Diagnostics;

namespace OrleansDL.Tests;

/// <summary>The Python that Debian brings: what reads our formats and protocols without a line of our code.</summary>
internal static class Python
{
    private const string Interpreter = "/usr/bin/python3";

    public static Task<string> RunAsync(params string[] arguments) => RunAsync([], arguments);

    /// <summary>What the program printed. Anything but exit code 0 fails the test with all it said.</summary>
    public static async Task<string> RunAsync((string Name, string Value)[] environment, string[] arguments)
    {
        var start = new ProcessStartInfo(Interpreter, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var python = Process.Start(start)!;
        var (output, error) = (python.StandardOutput.ReadToEndAsync(), python.StandardError.ReadToEndAsync());
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
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

        Assert.True(python.ExitCode == 0, $"{await output}\n{await error}");
        return await output;
    }
}
