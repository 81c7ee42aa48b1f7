using System.Diagnostics;

namespace OrleansDL.Tests;

/// <summary>A program in a language of its own that a test has speak to us.</summary>
internal static class ForeignProgram
{
    /// <summary>What the program printed. Anything but exit code 0 fails the test with all it said.</summary>
    public static async Task<string> RunAsync(string file, (string Name, string Value)[] environment, string[] arguments)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var program = Process.Start(start)!;
        var (output, error) = (program.StandardOutput.ReadToEndAsync(), program.StandardError.ReadToEndAsync());
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            await program.WaitForExitAsync(deadline.Token);
        }
        finally
        {
            if (!program.HasExited)
            {
                program.Kill();
            }
        }

        Assert.True(program.ExitCode == 0, $"{await output}\n{await error}");
        return await output;
    }
}
