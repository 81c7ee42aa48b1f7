namespace OrleansDL.Training;

/// <summary>Writes a file so that its name only ever shows whole contents: temporary file, flush to disk, rename.</summary>
internal static class AtomicFile
{
    /// <exception cref="OutOfSpaceException">The disk is full; nothing is left behind.</exception>
    public static void Write(string path, byte[] bytes, bool lasting = true) => Write(path, stream => stream.Write(bytes), lasting);

    /// <exception cref="OutOfSpaceException">The disk is full; nothing is left behind.</exception>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes its contents.</param>
    /// <param name="lasting">Whether it must outlive the machine's power; what the worker stores elsewhere at once need not.</param>
    public static void Write(string path, Action<Stream> write, bool lasting = true)
    {
        var unfinished = path + ".part";
        try
        {
            using (var file = new FileStream(unfinished, FileMode.Create, FileAccess.Write, FileShare.None, 0))
            {
                write(file);
                file.Flush(flushToDisk: lasting);
            }

            File.Move(unfinished, path, overwrite: true);
        }
        catch (IOException error)
        {
            File.Delete(unfinished);
            throw new OutOfSpaceException($"'{Path.GetFileName(path)}' could not be written: {error.Message}. Free disk space and try again.");
        }
    }
}
