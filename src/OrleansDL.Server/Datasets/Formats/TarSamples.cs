using System.Formats.Tar;
using System.Runtime.CompilerServices;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Formats;

/// <summary>Reads the samples of a WebDataset tar from a place where one begins.</summary>
internal static class TarSamples
{
    private const int BlockSize = 512;
    private const int MaximumMembers = 1000;

    /// <param name="file">An uncompressed tar that can seek.</param>
    /// <param name="offset">Where a sample begins.</param>
    /// <param name="maximumBytes">Of one sample: it must be held in memory.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async IAsyncEnumerable<TarSample> ReadAsync(
        Stream file, long offset, long maximumBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        file.Seek(offset, SeekOrigin.Begin);
        await using var tar = new TarReader(file, leaveOpen: true);
        string? key = null;
        var begin = offset;
        var next = offset;
        long bytes = 0;
        var members = new List<(string, byte[])>();
        while (await tar.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
        {
            var start = next;
            next = (entry.DataOffset + entry.Length + BlockSize - 1) / BlockSize * BlockSize;
            if (entry.EntryType is TarEntryType.Directory or TarEntryType.GlobalExtendedAttributes || ArchivePaths.Map(entry.Name) is not { } path)
            {
                continue;
            }

            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile))
            {
                throw new InvalidException($"'{EntryPath.Shorten(entry.Name)}' is no plain file but a {entry.EntryType}. Pack the files themselves (tar --dereference).");
            }

            var (name, extension) = Split(path);
            if (name != key)
            {
                if (key is not null)
                {
                    yield return new TarSample(key, begin, members);
                }

                (key, begin, bytes, members) = (name, start, 0, []);
            }

            bytes += entry.Length;
            if (bytes > maximumBytes || members.Count == MaximumMembers || entry.DataOffset + entry.Length > file.Length)
            {
                throw entry.DataOffset + entry.Length > file.Length
                    ? new InvalidDataException($"It is cut short within '{EntryPath.Shorten(path)}'.")
                    : new InvalidException($"The sample '{EntryPath.Shorten(name)}' has more than {maximumBytes} bytes or {MaximumMembers} files. Split it, or raise Datasets:MaximumImageBytes.");
            }

            var content = new byte[entry.Length];
            if (entry.DataStream is { } data)
            {
                await data.ReadExactlyAsync(content, cancellationToken);
            }

            members.Add((extension, content));
        }

        if (key is not null)
        {
            yield return new TarSample(key, begin, members);
        }
    }

    private static (string Name, string Extension) Split(string path)
    {
        var dot = path.IndexOf('.', path.LastIndexOf('/') + 1);
        return dot > 0 && dot < path.Length - 1
            ? (path[..dot], path[(dot + 1)..].ToLowerInvariant())
            : throw new InvalidException($"'{EntryPath.Shorten(path)}' has no extension; in a WebDataset it says what a file is (0001.jpg, 0001.cls).");
    }
}
