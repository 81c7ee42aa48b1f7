namespace OrleansDL.Training;

/// <summary>Writes a file so that its name only ever shows whole contents: temporary file, flush to disk, rename.</summary>
internal static class AtomicFile
{
    /// <exception cref="OutOfSpaceException">The disk is full; nothing is left behind.</exception>
    public static void Write(string path, byte[] bytes) => Write(path, stream => stream.Write(bytes));

    /// <exception cref="OutOfSpaceException">The disk is full; nothing is left behind.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var unfinished = path + ".part";
        try
        {
            using (var file = new FileStream(unfinished, FileMode.Create, FileAccess.Write, FileShare.None, 0))
            {
                write(file);
                file.Flush(flushToDisk: true);
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
