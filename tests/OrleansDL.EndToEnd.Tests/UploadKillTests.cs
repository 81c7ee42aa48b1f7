using System.Net;
using System.Security.Cryptography;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

/// <summary>A node that is killed while a large file comes in: the rest comes afterwards, and the digest is the same.</summary>
[Collection(ProductCollection.Name)]
public sealed class UploadKillTests(PostgresServer postgres)
{
    private const string Uploads = "/v1/projects/default/datasets/large/uploads";

    [Theory]
    [InlineData(TestDatabase.Sqlite)]
    [InlineData(TestDatabase.Postgres)]
    public async Task An_upload_goes_on_after_its_node_was_killed(TestDatabase database)
    {
        using var folder = new TempFolder();
        var options = await postgres.NodeAsync(database, folder);
        var content = RandomNumberGenerator.GetBytes(6_000_000);
        string url;
        await using (var node = await OdlProcess.StartAsync(options))
        {
            using var api = node.Api();
            await api.PostAsync("/v1/projects/default/datasets", new { name = "large", kind = "files" });
            url = $"{Uploads}/{(await api.PostAsync(Uploads, new { bytes = content.Length, key = "k" })).GetProperty("id").GetString()}";
            await api.SendAsync(HttpMethod.Put, $"{url}?offset=0", new ByteArrayContent(content, 0, 2_000_000));

            // The second piece is under way, and does not end.
            using var stop = new CancellationTokenSource();
            var sending = api.Http.PutAsync(new Uri($"{url}?offset=2000000", UriKind.Relative), new EndlessContent(content.AsMemory(2_000_000, 2_000_000)), stop.Token);
            await Eventually.TrueAsync("the second piece", async () => (await api.GetAsync(url)).GetProperty("offset").GetInt64() > 2_000_000);
            await node.KillAsync();
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => sending);
        }

        await using var again = await OdlProcess.StartAsync(options);
        using var next = again.Api();
        var offset = (await next.GetAsync(url)).GetProperty("offset").GetInt32();
        Assert.InRange(offset, 2_000_000, 4_000_000);
        await next.SendAsync(HttpMethod.Put, FormattableString.Invariant($"{url}?offset={offset}"), new ByteArrayContent(content, offset, content.Length - offset));
        var blob = (await next.PostAsync($"{url}/complete")).GetProperty("blob").GetString();
        Assert.Equal($"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}", blob);
        var version = await next.SendAsync(HttpMethod.Post, $"{Uploads}/commit", new StringContent($"{{}}\n{{\"add\":\"x.bin\",\"blob\":\"{blob}\"}}\n"));
        Assert.Equal(content.Length, version.GetProperty("bytes").GetInt32());
    }

    /// <summary>Sends some bytes of more that it announced, and then nothing.</summary>
    private sealed class EndlessContent(ReadOnlyMemory<byte> content) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(content, cancellationToken);
            await stream.FlushAsync(cancellationToken);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = content.Length + 1;
            return true;
        }
    }
}
