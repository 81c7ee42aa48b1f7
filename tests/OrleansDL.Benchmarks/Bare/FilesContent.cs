using System.Net;

namespace OrleansDL.Benchmarks.Bare;

/// <summary>Files one after the other as a request's body.</summary>
internal sealed class FilesContent(IReadOnlyList<FileInfo> files) : HttpContent
{
    private const int BufferSize = 512 * 1024;

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        var (buffer, used) = (new byte[BufferSize], 0);
        foreach (var file in files)
        {
            using var handle = File.OpenHandle(file.FullName, options: FileOptions.SequentialScan);
            int read;
            for (long offset = 0; (read = RandomAccess.Read(handle, buffer.AsSpan(used), offset)) > 0; offset += read)
            {
                used += read;
                if (used == buffer.Length)
                {
                    await stream.WriteAsync(buffer);
                    used = 0;
                }
            }
        }

        await stream.WriteAsync(buffer.AsMemory(0, used));
    }

    protected override bool TryComputeLength(out long length)
    {
        length = files.Sum(file => file.Length);
        return true;
    }
}
