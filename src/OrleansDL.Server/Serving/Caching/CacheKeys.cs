using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace OrleansDL.Serving.Caching;

/// <summary>Makes keys of requests. Every part is written with its length, so that no two requests are written alike.</summary>
internal static class CacheKeys
{
    private const byte Tensors = 1;
    private const byte Rows = 2;
    private const int GreatestDepth = 16;

    [ThreadStatic]
    private static IncrementalHash? _hash;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _head;

    /// <summary>Generation, outputs, inputs and their bytes; the caller's parameters; of an ensemble also its steps' routes as they are now.</summary>
    public static CacheKey Of(Route route, InferRequest request, RouteTable routes)
    {
        var head = Begin(Tensors, route, routes);
        Number(head, request.Outputs.Count);
        for (var index = 0; index < request.Outputs.Count; index++)
        {
            Text(head, request.Outputs[index]);
        }

        Number(head, request.Parameters?.Count ?? 0);
        foreach (var (name, value) in request.Parameters?.OrderBy(parameter => parameter.Key, StringComparer.Ordinal) ?? Enumerable.Empty<KeyValuePair<string, string>>())
        {
            Text(head, name);
            Text(head, value);
        }

        var hash = _hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Number(head, request.Inputs.Count);
        for (var index = 0; index < request.Inputs.Count; index++)
        {
            var input = request.Inputs[index];
            Text(head, input.Name);
            Number(head, (long)input.Type);
            Number(head, input.Shape.Length);
            foreach (var size in input.Shape)
            {
                Number(head, size);
            }

            Number(head, input.Data.Length);
        }

        hash.AppendData(head.WrittenSpan);
        for (var index = 0; index < request.Inputs.Count; index++)
        {
            hash.AppendData(request.Inputs[index].Data.Span);
        }

        return End(hash);
    }

    /// <summary>Generation, labels wanted, and the rows as they were written.</summary>
    public static CacheKey Of(Route route, PredictRequest request, RouteTable routes)
    {
        var head = Begin(Rows, route, routes);
        Number(head, request.Top);
        Number(head, request.Rows.Length);
        var hash = _hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(head.WrittenSpan);
        hash.AppendData(request.Rows.Span);
        return End(hash);
    }

    private static ArrayBufferWriter<byte> Begin(byte kind, Route route, RouteTable routes)
    {
        var head = _head ??= new ArrayBufferWriter<byte>(512);
        head.ResetWrittenCount();
        Number(head, kind);
        Number(head, route.Generation!.Value);
        if (route.Ensemble is not null)
        {
            Steps(head, route, routes, GreatestDepth);
        }

        return head;
    }

    // A step's route grows by a revision whenever what it leads to changes: an ensemble's answer is good for as long as none did.
    private static void Steps(ArrayBufferWriter<byte> head, Route route, RouteTable routes, int depth)
    {
        Span<byte> id = stackalloc byte[16];
        foreach (var step in route.Ensemble!.Steps)
        {
            var inner = routes.Find(route.Project, step.Deployment)?.Route;
            (inner?.Deployment ?? Guid.Empty).TryWriteBytes(id);
            head.Write(id);
            Number(head, inner?.Revision ?? 0);
            if (inner?.Ensemble is not null && depth > 0)
            {
                Steps(head, inner, routes, depth - 1);
            }
        }
    }

    private static CacheKey End(IncrementalHash hash)
    {
        Span<byte> bytes = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(bytes);
        return new CacheKey(bytes);
    }

    private static void Number(ArrayBufferWriter<byte> head, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(head.GetSpan(sizeof(long)), value);
        head.Advance(sizeof(long));
    }

    private static void Text(ArrayBufferWriter<byte> head, string text)
    {
        Number(head, Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, head);
    }
}
