using System.Globalization;
using OrleansDL.Training;

namespace OrleansDL.Predictors;

/// <summary>Where a process of isolated models and its worker meet: their socket and the rooms for tensors, in memory where the system has a file system there.</summary>
internal static class PredictorFolder
{
    private const string Memory = "/dev/shm";
    private const string Prefix = "odl-models-";
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private static long _last;

    private static string Parent { get; } = Directory.Exists(Memory) ? Memory : Path.GetTempPath();

    /// <summary>A new one, named after this process so that another finds what a dead one left.</summary>
    public static AttemptFolder Create()
    {
        var own = Environment.ProcessId;
        var name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{own}-{ProcessMark.StartTimeOf(own)}-{Interlocked.Increment(ref _last)}");
        var folder = new AttemptFolder(Path.Combine(Parent, name));
        folder.Create();
        File.SetUnixFileMode(folder.Root, Own);
        return folder;
    }

    /// <summary>Removes what processes left that were killed.</summary>
    public static void RemoveLeft()
    {
        foreach (var path in Directory.EnumerateDirectories(Parent, Prefix + "*"))
        {
            if (Path.GetFileName(path)[Prefix.Length..].Split('-') is [var pid, var start, _] && ProcessMark.Parse($"{pid} {start}") is { IsAlive: false })
            {
                try
                {
                    new AttemptFolder(path).Delete();
                }
                catch (Exception error) when (error is IOException or UnauthorizedAccessException)
                {
                    // Another user's, or another worker is at it.
                }
            }
        }
    }
}
