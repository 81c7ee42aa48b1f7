using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Uploads;

/// <summary>Reads a commit's JSON lines as they arrive: first the head, then a line per file.</summary>
internal sealed class UploadCommitReader : IAsyncDisposable
{
    private const int MaximumLineBytes = 64 * 1024;
    private static readonly JsonSerializerOptions Json = new(OdlJson.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };
    private readonly PipeReader _pipe;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _bytes;
    private long _line;

    public UploadCommitReader(Stream body) =>
        _pipe = PipeReader.Create(body, new StreamPipeReaderOptions(bufferSize: 128 * 1024, minimumReadSize: 32 * 1024));

    public async Task<UploadCommitHead> ReadHeadAsync(CancellationToken cancellationToken)
    {
        var head = await NextAsync<UploadCommitHead>(cancellationToken)
            ?? throw new InvalidException("The body is empty. Its first line is an object with branch, message and tags, which may all be left out: {}.");
        return head.Message.Length > 4096 ? throw new InvalidException("A commit message has 4096 characters at most.") : head;
    }

    public async IAsyncEnumerable<UploadCommitLine> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await NextAsync<UploadCommitLine>(cancellationToken) is { } line)
        {
            if (line.Add is null == line.Remove is null)
            {
                throw new InvalidException($"Line {_line} of the body says neither 'add' nor 'remove', or both. Say one of them.");
            }

            if (line.Add is not null)
            {
                EntryPath.Check(line.Add);
                _ = line.Blob ?? throw new InvalidException($"Line {_line} of the body adds '{EntryPath.Shorten(line.Add)}' without its blob. Say the SHA-256 of its bytes as 'blob'.");
            }

            yield return line;
        }
    }

    /// <summary>The digest of what was read; it stands for all files it names.</summary>
    public BlobRef Digest() => new() { Blob = BlobId.FromHash(_hash.GetCurrentHash()), Bytes = _bytes };

    public ValueTask DisposeAsync()
    {
        _hash.Dispose();
        return _pipe.CompleteAsync();
    }

    /// <summary>The next line that is not empty; null at the end.</summary>
    private async ValueTask<T?> NextAsync<T>(CancellationToken cancellationToken)
        where T : class
    {
        while (true)
        {
            var read = await _pipe.ReadAsync(cancellationToken);
            var end = read.Buffer.PositionOf((byte)'\n');
            if (end is null && !read.IsCompleted)
            {
                if (read.Buffer.Length > MaximumLineBytes)
                {
                    throw new TooLargeException($"Line {_line + 1} of the body is longer than {MaximumLineBytes} bytes.");
                }

                _pipe.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            var line = end is null ? read.Buffer : read.Buffer.Slice(0, read.Buffer.GetPosition(1, end.Value));
            if (line.IsEmpty)
            {
                _pipe.AdvanceTo(read.Buffer.End);
                return null;
            }

            _line++;
            var value = Parse<T>(line);
            _pipe.AdvanceTo(line.End);
            if (value is not null)
            {
                return value;
            }
        }
    }

    private T? Parse<T>(ReadOnlySequence<byte> line)
        where T : class
    {
        foreach (var part in line)
        {
            _hash.AppendData(part.Span);
        }

        _bytes += line.Length;
        try
        {
            var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = 8 });
            return IsBlank(line) ? null : JsonSerializer.Deserialize<T>(ref reader, Json) ?? throw new JsonException("It is null.");
        }
        catch (JsonException e)
        {
            throw new InvalidException($"Line {_line} of the body is not what is expected there: {e.Message.Split(" Path:")[0]}");
        }
    }

    private static bool IsBlank(ReadOnlySequence<byte> line) =>
        line.Length <= 2 && line.ToArray().AsSpan().Trim("\r\n"u8).IsEmpty;
}
