using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OrleansDL.Benchmarks.Bare;

/// <summary>A web server that hashes what is sent, writes it to a file, syncs it and answers the digest. The file goes with the answer.</summary>
internal static class BareUpload
{
    private const int BufferSize = 512 * 1024;

    public static Task RunAsync(string folder) => BareHost.RunAsync(async context =>
    {
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        var path = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        context.Response.OnCompleted(() =>
        {
            File.Delete(path);
            return Task.CompletedTask;
        });
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            var (filling, full, writing) = (new byte[BufferSize], new byte[BufferSize], Task.CompletedTask);
            for (int read; (read = await context.Request.Body.ReadAtLeastAsync(filling, BufferSize, throwOnEndOfStream: false)) > 0;)
            {
                await writing;
                (filling, full) = (full, filling);
                var bytes = full.AsMemory(0, read);
                writing = Task.Run(() =>
                {
                    hash.AppendData(bytes.Span);
                    file.Write(bytes.Span);
                });
            }

            await writing;
            file.Flush(flushToDisk: true);
        }

        await context.Response.WriteAsync(Convert.ToHexStringLower(hash.GetHashAndReset()));
    });
}
