using System.Buffers.Binary;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;

namespace OrleansDL.Datasets.Uploads;

/// <summary>Takes many files in one request. Each is four bytes of length (little-endian), the 32 bytes of its SHA-256 (zeros: not known), and its bytes.</summary>
internal sealed class SmallFiles(BlobStore blobs, ProjectBlobs projects, IOptions<UploadLimits> options)
{
    public const int HeaderBytes = 36;

    /// <exception cref="InvalidException">The body is cut off, or bytes are not what they were announced to be; nothing of it may be committed.</exception>
    public async Task<StoredFiles> StoreAsync(Dataset dataset, Stream body, CancellationToken cancellationToken)
    {
        var stored = new List<BlobRef>();
        await using var pack = blobs.CreatePack(dataset.Project);
        var header = new byte[HeaderBytes];
        int read;
        while ((read = await body.ReadAtLeastAsync(header, HeaderBytes, throwOnEndOfStream: false, cancellationToken)) > 0)
        {
            var length = read < HeaderBytes ? throw CutOff(stored.Count) : BinaryPrimitives.ReadUInt32LittleEndian(header);
            if (length > options.Value.MaximumSmallFileBytes)
            {
                throw new TooLargeException(
                    $"File {stored.Count + 1} of the request has {length} bytes; {options.Value.MaximumSmallFileBytes} are allowed here. Upload it by itself (POST .../uploads), or raise Datasets:Uploads:MaximumSmallFileBytes.");
            }

            var blob = await AddAsync(pack, body, (int)length, stored.Count, cancellationToken);
            var announced = BlobId.FromHash(header.AsSpan(4));
            if (announced != blob.Blob && header.AsSpan(4).ContainsAnyExcept((byte)0))
            {
                throw new InvalidException($"File {stored.Count + 1} of the request was announced as {announced} and is {blob.Blob}: it was changed or damaged on its way. Send it again.");
            }

            stored.Add(blob);
        }

        await pack.CompleteAsync(cancellationToken);
        await projects.AddAsync(dataset.Project, pack.Elsewhere, cancellationToken);
        return new StoredFiles { Files = stored };
    }

    private static async ValueTask<BlobRef> AddAsync(BlobPackWriter pack, Stream body, int bytes, int whole, CancellationToken cancellationToken)
    {
        try
        {
            return await pack.AddAsync(body, bytes, cancellationToken);
        }
        catch (EndOfStreamException)
        {
            throw CutOff(whole);
        }
    }

    private static InvalidException CutOff(int whole) => new(
        $"The request ends in the middle of file {whole + 1}. Send each file as 4 bytes of length, 32 bytes of SHA-256 (or zeros) and its bytes; nothing of this request was kept.");
}
