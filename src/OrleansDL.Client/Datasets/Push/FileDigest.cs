using System.Buffers;
using System.Security.Cryptography;

namespace OrleansDL.Datasets.Push;

/// <summary>Hashes files.</summary>
internal static class FileDigest
{
    private const int BufferSize = 512 * 1024;

    public static BlobId Of(LocalFile file, Action<int> read, CancellationToken cancellationToken)
    {
        using var handle = File.OpenHandle(file.Name, options: FileOptions.SequentialScan);
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(file.Bytes + 1, 4096, BufferSize));
        try
        {
            var bytes = RandomAccess.Read(handle, buffer, 0);
            read(bytes);
            if (bytes < buffer.Length)
            {
                Check(file, bytes);
                return BlobId.FromHash(SHA256.HashData(buffer.AsSpan(0, bytes)));
            }

            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            long offset = 0;
            while (bytes > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                hash.AppendData(buffer, 0, bytes);
                offset += bytes;
                bytes = RandomAccess.Read(handle, buffer, offset);
                read(bytes);
            }

            Check(file, offset);
            return BlobId.FromHash(hash.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Check(LocalFile file, long bytes)
    {
        if (bytes != file.Bytes)
        {
            throw new ConflictException($"'{file.Name}' was changed while it was pushed. Push again once nobody writes to it.");
        }
    }
}
