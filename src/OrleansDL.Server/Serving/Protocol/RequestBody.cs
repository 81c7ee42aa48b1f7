using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OrleansDL.Serving.Protocol;

/// <summary>A request's whole body as one piece of memory: the server's own buffer when it is in one segment, else a pooled copy.</summary>
internal readonly struct RequestBody
{
    private const int Small = 64 << 10;

    private readonly PipeReader? _reader;
    private readonly ReadOnlySequence<byte> _inPlace;
    private readonly byte[]? _rented;

    private RequestBody(PipeReader reader, ReadOnlySequence<byte> inPlace)
    {
        _reader = reader;
        _inPlace = inPlace;
        Bytes = inPlace.First;
    }

    private RequestBody(byte[] rented, int length)
    {
        _rented = rented;
        Bytes = rented.AsMemory(0, length);
    }

    public ReadOnlyMemory<byte> Bytes { get; }

    /// <param name="context">The request.</param>
    /// <param name="maximumBytes">Largest body taken.</param>
    /// <param name="keep">Whether the memory is needed after <see cref="Parsed"/>: tensors that are slices of the body.</param>
    public static ValueTask<RequestBody> ReadAsync(HttpContext context, int maximumBytes, bool keep)
    {
        // Our own limit speaks, in the protocol's words. Below this nobody else's does, and asking for it takes time.
        var length = context.Request.ContentLength;
        if (length is null or > Small && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        if (length > maximumBytes)
        {
            throw TooLarge(length.Value, maximumBytes);
        }

        // A small body mostly came with its head.
        if (length <= Small && context.Request.Headers.ContentEncoding.Count == 0 && context.Request.BodyReader is var reader && reader.TryRead(out var read))
        {
            if (TryTake(reader, read, maximumBytes, keep, out var whole))
            {
                return ValueTask.FromResult(whole);
            }
        }

        return ReadLaterAsync(context, maximumBytes, keep);
    }

    /// <summary>The body was read and only a kept one is looked at again. Call it whether reading succeeded or not.</summary>
    public void Parsed() => _reader?.AdvanceTo(_inPlace.End);

    /// <summary>Gives kept memory back. Only when nothing reads it any more: see <see cref="InferenceCall.ReturnBuffers"/>.</summary>
    public void Return()
    {
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
        }
    }

    private static async ValueTask<RequestBody> ReadLaterAsync(HttpContext context, int maximumBytes, bool keep)
    {
        // Names of encodings are the same in any case.
        var encoding = context.Request.Headers.ContentEncoding.ToString().ToLowerInvariant();
        try
        {
            return encoding.Length > 0 && encoding != "identity"
                ? await DecompressAsync(context, encoding, maximumBytes)
                : await ReadWholeAsync(context, maximumBytes, keep);
        }
        catch (IOException error) when (error is not BadHttpRequestException)
        {
            // Chunks whose sizes are no sizes, and clients that go away in the middle.
            throw InferenceProtocolException.Invalid($"Unable to read the request's body: {error.Message}");
        }
    }

    private static async ValueTask<RequestBody> ReadWholeAsync(HttpContext context, int maximumBytes, bool keep)
    {
        var reader = context.Request.BodyReader;
        while (true)
        {
            if (TryTake(reader, await reader.ReadAsync(context.RequestAborted), maximumBytes, keep, out var whole))
            {
                return whole;
            }
        }
    }

    /// <summary>The body, if that is all of it.</summary>
    private static bool TryTake(PipeReader reader, ReadResult read, int maximumBytes, bool keep, out RequestBody whole)
    {
        var buffer = read.Buffer;
        if (buffer.Length > maximumBytes)
        {
            // Counted before it is given back: it counts otherwise then.
            var tooMany = buffer.Length;
            reader.AdvanceTo(buffer.End);
            throw TooLarge(tooMany, maximumBytes);
        }

        if (!read.IsCompleted)
        {
            reader.AdvanceTo(buffer.Start, buffer.End);
            whole = default;
            return false;
        }

        if (buffer.IsSingleSegment && !keep)
        {
            whole = new RequestBody(reader, buffer);
            return true;
        }

        var length = (int)buffer.Length;
        var rented = ArrayPool<byte>.Shared.Rent(length);
        buffer.CopyTo(rented);
        reader.AdvanceTo(buffer.End);
        whole = new RequestBody(rented, length);
        return true;
    }

    private static async Task<RequestBody> DecompressAsync(HttpContext context, string encoding, int maximumBytes)
    {
        await using Stream stream = encoding switch
        {
            "gzip" => new GZipStream(context.Request.Body, CompressionMode.Decompress, leaveOpen: true),
            "deflate" => new ZLibStream(context.Request.Body, CompressionMode.Decompress, leaveOpen: true),
            _ => throw RefuseEncoding(context),
        };
        var rented = ArrayPool<byte>.Shared.Rent(16 * 1024);
        var length = 0;
        try
        {
            while (await stream.ReadAsync(rented.AsMemory(length), context.RequestAborted) is > 0 and var read)
            {
                length += read;
                if (length > maximumBytes)
                {
                    throw TooLarge(length, maximumBytes);
                }

                if (length == rented.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(length * 2);
                    rented.CopyTo(larger, 0);
                    ArrayPool<byte>.Shared.Return(rented);
                    rented = larger;
                }
            }
        }
        catch (InvalidDataException error)
        {
            throw InferenceProtocolException.Invalid($"Unable to decompress the request's {encoding} body: {error.Message}");
        }

        return new RequestBody(rented, length);
    }

    private static InferenceProtocolException RefuseEncoding(HttpContext context)
    {
        context.Response.Headers.AcceptEncoding = "gzip, deflate";
        return InferenceProtocolException.Unsupported("Unsupported compression type");
    }

    // In the words of older and newer releases of the reference server, which clients and tests look for.
    private static InferenceProtocolException TooLarge(long bytes, int maximumBytes) => InferenceProtocolException.Invalid(
        $"Request JSON size of {bytes} bytes exceeds the maximum allowed value of {maximumBytes} bytes: request JSON size of {bytes} bytes exceeds the maximum allowed input size{(bytes > int.MaxValue ? "" : $" of {maximumBytes} bytes")}. "
        + "Use --http-max-input-size to increase the limit. (Here it is the setting Serving:MaximumRequestBytes, and for loading a model Serving:MaximumModelBytes.)");
}
