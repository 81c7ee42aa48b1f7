using System.Buffers;
using System.Buffers.Binary;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;

namespace OrleansDL.Datasets.Uploads;

/// <summary>Takes many files in one request. Each is four bytes of length (little-endian), the 32 bytes of its SHA-256 (zeros: not known), and its bytes.</summary>
internal sealed class SmallFiles(BlobStore blobs, ProjectBlobs projects, IOptions<UploadLimits> options)
{
    public const int HeaderBytes = 36;
    private const int ReadBytes = 256 * 1024;

    /// <exception cref="InvalidException">The body is cut off, or bytes are not what they were announced to be; nothing of it may be committed.</exception>
    public async Task<StoredFiles> StoreAsync(Dataset dataset, Stream body, CancellationToken cancellationToken)
    {
        var stored = new List<BlobRef>();
        await using var pack = blobs.CreatePack();
        await using var source = new BufferedStream(body, ReadBytes);
        var header = new byte[HeaderBytes];
        var buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            while (true)
            {
                var read = await source.ReadAtLeastAsync(header, HeaderBytes, throwOnEndOfStream: false, cancellationToken);
                if (read == 0)
                {
                    break;
                }

                var length = read < HeaderBytes ? throw CutOff(stored.Count) : BinaryPrimitives.ReadUInt32LittleEndian(header);
                if (length > options.Value.MaximumSmallFileBytes)
                {
                    throw new TooLargeException(
                        $"File {stored.Count + 1} of the request has {length} bytes; {options.Value.MaximumSmallFileBytes} are allowed here. Upload it by itself (POST .../uploads), or raise Datasets:Uploads:MaximumSmallFileBytes.");
                }

                if (buffer.Length < length)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = ArrayPool<byte>.Shared.Rent((int)length);
                }

                var bytes = buffer.AsMemory(0, (int)length);
                if (await source.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken) < bytes.Length)
                {
                    throw CutOff(stored.Count);
                }

                var blob = await pack.AddAsync(bytes, cancellationToken);
                var announced = BlobId.FromHash(header.AsSpan(4));
                if (announced != blob.Blob && header.AsSpan(4).ContainsAnyExcept((byte)0))
                {
                    throw new InvalidException($"File {stored.Count + 1} of the request was announced as {announced} and is {blob.Blob}: it was changed or damaged on its way. Send it again.");
                }

                stored.Add(blob);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        await pack.CompleteAsync(cancellationToken);
        await projects.AddAsync(dataset.Project, stored.Select(blob => blob.Blob), cancellationToken);
        return new StoredFiles { Files = stored };
    }

    private static InvalidException CutOff(int whole) => new(
        $"The request ends in the middle of file {whole + 1}. Send each file as 4 bytes of length, 32 bytes of SHA-256 (or zeros) and its bytes; nothing of this request was kept.");
}
