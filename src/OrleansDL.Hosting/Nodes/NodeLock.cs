namespace OrleansDL.Nodes;

/// <summary>Holds a data folder for one process; the operating system lets go of it when the process ends, however it ends.</summary>
public sealed class NodeLock : IDisposable
{
    private readonly FileStream _file;

    private NodeLock(FileStream file) => _file = file;

    /// <exception cref="ConflictException">Another process holds the folder.</exception>
    public static NodeLock Take(string directory)
    {
        Directory.CreateDirectory(directory);
        try
        {
            return new NodeLock(new FileStream(Path.Combine(directory, "node.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            throw new ConflictException(
                $"The data folder {directory} is in use by another OrleansDL process. Stop it first, or give this one another folder with --data.");
        }
    }

    public void Dispose() => _file.Dispose();
}
