using OrleansDL.Collectives;

namespace OrleansDL.Tests.Collectives;

/// <summary>Ranks of one process, or of several that see one folder.</summary>
internal sealed class TestRendezvous(string folder, int size) : IRendezvous
{
    public IReadOnlyList<string> Meet(int rank, string address)
    {
        File.WriteAllText(Path.Combine(folder, $"{rank}.new"), address);
        File.Move(Path.Combine(folder, $"{rank}.new"), Path.Combine(folder, $"{rank}.address"));
        using var watcher = new FileSystemWatcher(folder, "*.address") { EnableRaisingEvents = true };
        while (Directory.GetFiles(folder, "*.address").Length < size)
        {
            watcher.WaitForChanged(WatcherChangeTypes.All, 100);
        }

        return [.. Enumerable.Range(0, size).Select(number => File.ReadAllText(Path.Combine(folder, $"{number}.address")))];
    }
}
