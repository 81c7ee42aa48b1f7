using System.Buffers;
using System.Buffers.Binary;

namespace OrleansDL.Datasets.Push;

/// <summary>Many small files as the body of one request: each four bytes of length, its SHA-256 (zeros: not known) and its bytes.</summary>
internal static class SmallBatch
{
    public const int HeaderBytes = 36;
    private const int BufferSize = 1 << 20;

    public static long Length(IReadOnlyList<PushedFile> files) => files.Sum(file => HeaderBytes + file.Local.Bytes);

    public static async Task WriteAsync(IReadOnlyList<PushedFile> files, Stream target, Action<long> sent, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            var used = 0;
            foreach (var file in files)
            {
                if (used + HeaderBytes + Math.Min(file.Local.Bytes, BufferSize / 2) > buffer.Length)
                {
                    await FlushAsync();
                }

                BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(used), (uint)file.Local.Bytes);
                var digest = buffer.AsSpan(used + 4, 32);
                digest.Clear();
                if (file.Blob is { } blob)
                {
                    Convert.FromHexString(blob.Hex, digest, out _, out _);
                }

                used += HeaderBytes;
                using var handle = File.OpenHandle(file.Local.Name, options: file.Local.Bytes > BufferSize ? FileOptions.SequentialScan : FileOptions.None);
                for (long offset = 0; offset < file.Local.Bytes;)
                {
                    if (used == buffer.Length)
                    {
                        await FlushAsync();
                    }

                    var wanted = (int)Math.Min(file.Local.Bytes - offset, buffer.Length - used);
                    var read = RandomAccess.Read(handle, buffer.AsSpan(used, wanted), offset);
                    if (read == 0)
                    {
                        throw new ConflictException($"'{file.Local.Name}' was changed while it was pushed. Push again once nobody writes to it.");
                    }

                    offset += read;
                    used += read;
                }
            }

            await FlushAsync();

            async Task FlushAsync()
            {
                await target.WriteAsync(buffer.AsMemory(0, used), cancellationToken);
                sent(used);
                used = 0;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
