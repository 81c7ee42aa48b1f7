using System.Globalization;

namespace OrleansDL.Tests.Harness;

/// <summary>Training processes of this machine, found by the environment their contract gives them.</summary>
internal static class Runners
{
    public static async Task<int> PidOfAsync(string run) => int.Parse(
        await Eventually.GetAsync($"a process of run {run}", () => Task.FromResult(Find(run)?.ToString(CultureInfo.InvariantCulture)), TimeSpan.FromSeconds(30)),
        CultureInfo.InvariantCulture);

    public static Task GoneAsync(int pid) =>
        Eventually.TrueAsync($"process {pid} to end", () => Task.FromResult(!Signals.IsAlive(pid)), TimeSpan.FromSeconds(20));

    private static int? Find(string run)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
            {
                continue;
            }

            try
            {
                if (File.ReadAllText(Path.Combine(folder, "environ")).Contains($"ODL_RUN={run}", StringComparison.OrdinalIgnoreCase))
                {
                    return pid;
                }
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                // It ended while we looked, or is someone else's.
            }
        }

        return null;
    }
}
