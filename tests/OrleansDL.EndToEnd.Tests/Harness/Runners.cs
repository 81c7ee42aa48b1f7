using System.Globalization;

namespace OrleansDL.Tests.Harness;

/// <summary>Training processes of this machine, found by the folder they work in: that of the run's attempt.</summary>
internal static class Runners
{
    public static async Task<int> PidOfAsync(string run) => int.Parse(
        await Eventually.GetAsync($"a process of run {run}", () => Task.FromResult(Find(run)?.ToString(CultureInfo.InvariantCulture)), TimeSpan.FromSeconds(30)),
        CultureInfo.InvariantCulture);

    /// <summary>The process has ended, or the run in it has: a worker keeps a process for the next run.</summary>
    public static Task GoneAsync(string run, int pid) => Eventually.TrueAsync(
        $"process {pid} to end", () => Task.FromResult(!Signals.IsAlive(pid) || !Works($"/proc/{pid}", run)), TimeSpan.FromSeconds(20));

    private static int? Find(string run)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
            {
                continue;
            }

            if (Works(folder, run))
            {
                return pid;
            }
        }

        return null;
    }

    private static bool Works(string process, string run)
    {
        try
        {
            return new FileInfo(Path.Combine(process, "cwd")).LinkTarget?.Contains(Guid.Parse(run).ToString("N"), StringComparison.OrdinalIgnoreCase) is true;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // It ended while we looked, or is someone else's.
            return false;
        }
    }
}
