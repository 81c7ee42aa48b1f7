using System.Diagnostics;

namespace OrleansDL.Tests.Monitoring;

/// <summary>Debian's <c>promtool check metrics</c>; the package <c>prometheus</c> brings it, and <c>tests/run</c> installs that.</summary>
internal static class Promtool
{
    public static async Task<(int ExitCode, string Findings)> CheckAsync(string metrics)
    {
        using var promtool = Process.Start(new ProcessStartInfo("promtool", ["check", "metrics"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = promtool.StandardOutput.ReadToEndAsync();
        var errors = promtool.StandardError.ReadToEndAsync();
        await promtool.StandardInput.WriteAsync(metrics);
        promtool.StandardInput.Close();
        await promtool.WaitForExitAsync();
        return (promtool.ExitCode, await output + await errors);
    }
}
