using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Uploads;

namespace OrleansDL.Tests.Datasets;

public sealed class UploadTests(DatasetNode node) : IClassFixture<DatasetNode>
{
    [Fact]
    public async Task A_client_that_dies_at_any_byte_goes_on_and_the_digest_is_the_same()
    {
        await node.CreateAsync("pieces", "files");
        var random = new Random(7);
        var content = new byte[3_000_000];
        random.NextBytes(content);
        var upload = await BeginAsync("pieces", new { bytes = content.Length, key = "k" });
        var url = $"{DatasetNode.Root}/pieces/uploads/{upload}";
        var offset = 0;
        while (offset < content.Length)
        {
            var sent = Math.Min(content.Length - offset, random.Next(1, 700_000));
            using var body = new DyingContent(content.AsMemory(offset), sent);
            using var request = new HttpRequestMessage(HttpMethod.Put, FormattableString.Invariant($"{url}?offset={offset}")) { Content = body };
            if (offset + sent < content.Length)
            {
                await Assert.ThrowsAsync<HttpRequestException>(() => node.Http.SendAsync(request));
            }
            else
            {
                (await node.Http.SendAsync(request)).EnsureSuccessStatusCode();
            }

            // A piece that begins elsewhere is refused once its turn comes: then all that came of the last one is written down.
            if (offset + sent < content.Length)
            {
                await node.SendAsync(HttpMethod.Put, FormattableString.Invariant($"{url}?offset={content.Length}"), HttpStatusCode.Conflict, new ByteArrayContent([1]));
            }

            offset = (await node.GetAsync(url)).GetProperty("offset").GetInt32();
        }

        // The same key and size are the same upload.
        Assert.Equal(upload, await BeginAsync("pieces", new { bytes = content.Length, key = "k" }));
        var done = await node.SendAsync(HttpMethod.Post, $"{url}/complete", HttpStatusCode.OK);
        var digest = PushFolder.Digest(content).ToString();
        Assert.Equal(digest, done.GetProperty("blob").GetString());
        Assert.Equal(digest, (await node.SendAsync(HttpMethod.Post, $"{url}/complete", HttpStatusCode.OK)).GetProperty("blob").GetString());
        var version = await CommitAsync("pieces", new { message = "large" }, new { add = "x.bin", blob = digest });
        Assert.Equal(content.Length, version.GetProperty("bytes").GetInt64());
    }

    [Fact]
    public async Task A_table_of_a_commit_may_say_its_own_types()
    {
        await node.CreateAsync("typed", "table");
        var (first, second) = ("id,zip\n1,0123\n3,\n"u8.ToArray(), "id,rank\n2,7\n"u8.ToArray());
        await SendSmallAsync("typed", HttpStatusCode.OK, (first, null), (second, null));
        object[] lines = [new { add = "a.csv", blob = PushFolder.Digest(first).ToString(), types = "zip=string" }, new { add = "b.csv", blob = PushFolder.Digest(second).ToString() }];

        // What the head says is of every table that says nothing, and the second has no such column.
        var refused = await node.SendAsync(HttpMethod.Post, $"{DatasetNode.Root}/typed/uploads/commit", HttpStatusCode.BadRequest, Lines(new { types = "zip=string" }, lines));
        Assert.Contains("types names columns that the file does not have: zip", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await CommitAsync("typed", new { types = "rank=float64" }, lines);
        var rows = (await node.GetAsync($"{DatasetNode.Root}/typed/versions/latest/rows")).GetProperty("items").EnumerateArray().Select(row => row.GetRawText());
        Assert.Equal(["{\"id\":1,\"zip\":\"0123\",\"rank\":null}", "{\"id\":3,\"zip\":null,\"rank\":null}", "{\"id\":2,\"zip\":null,\"rank\":7}"], rows);
    }

    [Fact]
    public async Task A_large_file_that_is_not_what_was_announced_is_thrown_away()
    {
        await node.CreateAsync("announced", "files");
        var upload = await BeginAsync("announced", new { bytes = 3, sha256 = PushFolder.Digest([1, 2, 3]).ToString() });
        var url = $"{DatasetNode.Root}/announced/uploads/{upload}";
        await node.SendAsync(HttpMethod.Put, $"{url}?offset=0", HttpStatusCode.RequestEntityTooLarge, new ByteArrayContent([1, 2, 3, 4]));
        await node.SendAsync(HttpMethod.Put, $"{url}?offset=0", HttpStatusCode.OK, new ByteArrayContent([1, 2]));
        await node.SendAsync(HttpMethod.Post, $"{url}/complete", HttpStatusCode.Conflict);
        await node.SendAsync(HttpMethod.Put, $"{url}?offset=2", HttpStatusCode.OK, new ByteArrayContent([4]));
        await node.SendAsync(HttpMethod.Post, $"{url}/complete", HttpStatusCode.BadRequest);
        await node.GetAsync(url, HttpStatusCode.NotFound);
        Assert.Empty(Staged());
    }

    [Fact]
    public async Task A_cancelled_upload_leaves_nothing()
    {
        await node.CreateAsync("cancelled", "files");
        var url = $"{DatasetNode.Root}/cancelled/uploads/{await BeginAsync("cancelled", new { bytes = 30 })}";
        await node.SendAsync(HttpMethod.Put, $"{url}?offset=0", HttpStatusCode.OK, new ByteArrayContent(new byte[20]));
        Assert.NotEmpty(Staged());
        await node.SendAsync(HttpMethod.Delete, url, HttpStatusCode.NoContent);
        await node.GetAsync(url, HttpStatusCode.NotFound);
        Assert.Empty(Staged());
    }

    [Fact]
    public async Task To_know_a_digest_of_another_project_is_not_to_have_its_bytes()
    {
        await node.CreateAsync("mine", "files");
        await node.SendAsync(HttpMethod.Post, "/v1/projects", HttpStatusCode.Created, DatasetNode.Json(new { name = "others" }));
        await node.SendAsync(HttpMethod.Post, "/v1/projects/others/datasets", HttpStatusCode.Created, DatasetNode.Json(new { name = "theirs", kind = "files" }));
        var secret = Encoding.UTF8.GetBytes("a secret of mine");
        var stored = await SendSmallAsync("mine", HttpStatusCode.OK, (secret, null));
        var digest = stored.GetProperty("files")[0].GetProperty("blob").GetString()!;
        Assert.Equal(PushFolder.Digest(secret).ToString(), digest);

        var compared = await node.SendAsync(
            HttpMethod.Post, "/v1/projects/others/datasets/theirs/uploads/compare", HttpStatusCode.OK,
            DatasetNode.Json(new { files = new[] { new { path = "x", blob = digest, bytes = secret.Length } } }));
        Assert.Equal(1, compared.GetProperty("missing").GetArrayLength());
        await node.SendAsync(
            HttpMethod.Post, "/v1/projects/others/datasets/theirs/uploads/commit", HttpStatusCode.BadRequest, Lines(new { }, new { add = "x", blob = digest }));
        await CommitAsync("mine", new { }, new { add = "x", blob = digest });
    }

    [Fact]
    public async Task What_a_project_sent_in_a_pack_stays_its_own_when_the_pack_is_written_anew()
    {
        await node.CreateAsync("repacked", "files");
        await node.SendAsync(HttpMethod.Post, "/v1/projects", HttpStatusCode.Created, DatasetNode.Json(new { name = "repackers" }));
        await node.SendAsync(HttpMethod.Post, "/v1/projects/repackers/datasets", HttpStatusCode.Created, DatasetNode.Json(new { name = "theirs", kind = "files" }));
        var kept = RandomNumberGenerator.GetBytes(1000);
        await SendSmallAsync("repacked", HttpStatusCode.OK, (kept, null), (RandomNumberGenerator.GetBytes(5000), null));
        var blobs = node.Service<BlobStore>();
        var digest = PushFolder.Digest(kept);

        // The other file is garbage: most of the pack.
        await blobs.ReferAsync("test:repacked", [digest]);
        var swept = await blobs.SweepAsync(TimeProvider.System.GetUtcNow().AddMinutes(1));
        Assert.True(swept.Compacted.Count > 0);

        await node.SendAsync(
            HttpMethod.Post, "/v1/projects/repackers/datasets/theirs/uploads/commit", HttpStatusCode.BadRequest, Lines(new { }, new { add = "x", blob = digest.ToString() }));
        await CommitAsync("repacked", new { }, new { add = "x", blob = digest.ToString() });
        await blobs.UnreferAsync("test:repacked");
    }

    [Fact]
    public async Task Bytes_that_another_project_packed_are_ones_own_only_once_they_are_sent()
    {
        await node.CreateAsync("sent-first", "files");
        await node.SendAsync(HttpMethod.Post, "/v1/projects", HttpStatusCode.Created, DatasetNode.Json(new { name = "senders" }));
        await node.SendAsync(HttpMethod.Post, "/v1/projects/senders/datasets", HttpStatusCode.Created, DatasetNode.Json(new { name = "sent-again", kind = "files" }));
        var same = RandomNumberGenerator.GetBytes(1000);
        var digest = PushFolder.Digest(same).ToString();
        await SendSmallAsync("sent-first", HttpStatusCode.OK, (same, null));
        var lines = Lines(new { }, new { add = "x", blob = digest });
        await node.SendAsync(HttpMethod.Post, "/v1/projects/senders/datasets/sent-again/uploads/commit", HttpStatusCode.BadRequest, lines);

        await SendSmallAsync("/v1/projects/senders/datasets/sent-again", HttpStatusCode.OK, (same, null), (RandomNumberGenerator.GetBytes(10), null));

        lines = Lines(new { }, new { add = "x", blob = digest });
        await node.SendAsync(HttpMethod.Post, "/v1/projects/senders/datasets/sent-again/uploads/commit", HttpStatusCode.Created, lines);
    }

    [Fact]
    public async Task Small_files_that_are_damaged_or_cut_off_are_refused()
    {
        await node.CreateAsync("small", "files");
        await SendSmallAsync("small", HttpStatusCode.BadRequest, ([1, 2, 3], SHA256.HashData([1, 2])));
        using var cut = new ByteArrayContent([10, 0, 0, 0, .. new byte[32], 1, 2, 3]);
        await node.SendAsync(HttpMethod.Post, $"{DatasetNode.Root}/small/uploads/files", HttpStatusCode.BadRequest, cut);
        var stored = await SendSmallAsync("small", HttpStatusCode.OK, ([1], null), ([2, 3], SHA256.HashData([2, 3])), ([], null));
        Assert.Equal([1L, 2L, 0L], stored.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("bytes").GetInt64()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"branches\":\"x\"}")]
    [InlineData("{}\n{\"add\":\"x\"}")]
    [InlineData("{}\n{\"add\":\"../x\",\"blob\":\"sha256:00\"}")]
    [InlineData("{}\n{}")]
    [InlineData("{}\nnull")]
    [InlineData("{}\n[")]
    [InlineData("{}\n{\"remove\":\"/\"}")]
    public async Task A_commit_that_cannot_be_read_is_refused(string body)
    {
        var name = $"bad{(uint)body.GetHashCode(StringComparison.Ordinal)}";
        await node.CreateAsync(name, "files");
        await node.SendAsync(HttpMethod.Post, $"{DatasetNode.Root}/{name}/uploads/commit", HttpStatusCode.BadRequest, new StringContent(body));
    }

    [Fact]
    public async Task A_repeated_commit_is_the_same_version_and_a_moved_head_is_noticed()
    {
        await node.CreateAsync("repeat", "files");
        var files = (await SendSmallAsync("repeat", HttpStatusCode.OK, ([1], null), ([2], null))).GetProperty("files");
        var (one, two) = (files[0].GetProperty("blob").GetString(), files[1].GetProperty("blob").GetString());
        var url = $"{DatasetNode.Root}/repeat/uploads/commit";
        var first = await node.SendAsync(HttpMethod.Post, url, HttpStatusCode.Created, Lines(new { message = "m" }, new { add = "a", blob = one }), ("Idempotency-Key", "k1"));
        var again = await node.SendAsync(HttpMethod.Post, url, HttpStatusCode.Created, Lines(new { message = "m" }, new { add = "a", blob = one }), ("Idempotency-Key", "k1"));
        Assert.Equal(first.GetProperty("commit").GetString(), again.GetProperty("commit").GetString());
        await node.SendAsync(HttpMethod.Post, url, HttpStatusCode.Created, Lines(new { }, new { add = "a", blob = two }));
        await node.SendAsync(
            HttpMethod.Post, url, HttpStatusCode.Conflict, Lines(new { expectedHead = first.GetProperty("commit").GetString() }, new { add = "b", blob = one }));
        var removed = await CommitAsync("repeat", new { }, new { remove = "a" }, new { add = "b", blob = one });
        Assert.Equal(1, removed.GetProperty("files").GetInt64());
    }

    [Fact]
    public async Task An_upload_given_up_is_swept()
    {
        await node.CreateAsync("given-up", "files");
        var url = $"{DatasetNode.Root}/given-up/uploads/{await BeginAsync("given-up", new { bytes = 30 })}";
        await node.SendAsync(HttpMethod.Put, $"{url}?offset=0", HttpStatusCode.OK, new ByteArrayContent(new byte[20]));
        await node.Service<UploadTable>().RecordAsync(Guid.Parse(url.Split('/')[^1]), 20, TimeSpan.FromSeconds(-1));
        await node.Service<UploadSessions>().SweepAsync(CancellationToken.None);
        Assert.Empty(Staged());
    }

    [Fact]
    public async Task A_node_that_was_killed_trusts_only_what_was_durable()
    {
        await node.CreateAsync("restart", "files");
        var content = RandomNumberGenerator.GetBytes(100_000);
        var id = await BeginAsync("restart", new { bytes = content.Length });
        var url = $"{DatasetNode.Root}/restart/uploads/{id}";
        await node.SendAsync(HttpMethod.Put, $"{url}?offset=0", HttpStatusCode.OK, new ByteArrayContent(content[..60_000]));

        // As after a kill in the middle of a piece: a service that remembers nothing, and more bytes than were made durable.
        using var fresh = ActivatorUtilities.CreateInstance<UploadSessions>(node.Service<IServiceProvider>());
        var dataset = await node.Client().Datasets.GetAsync("restart");
        await node.Service<UploadTable>().RecordAsync(id, 50_000, TimeSpan.FromHours(1));
        Assert.Equal(50_000, (await fresh.GetAsync(dataset, id)).Offset);
        await fresh.AppendAsync(dataset, id, 50_000, new MemoryStream(content[50_000..]), CancellationToken.None);
        Assert.Equal(PushFolder.Digest(content), (await fresh.CompleteAsync(dataset, id, CancellationToken.None)).Blob);
    }

    private IEnumerable<string> Staged() => Directory.Exists(Path.Combine(node.BlobFolder, "incoming", "staged"))
        ? Directory.EnumerateFiles(Path.Combine(node.BlobFolder, "incoming", "staged"))
        : [];

    private async Task<Guid> BeginAsync(string dataset, object spec) =>
        (await node.SendAsync(HttpMethod.Post, $"{DatasetNode.Root}/{dataset}/uploads", HttpStatusCode.Created, DatasetNode.Json(spec))).GetProperty("id").GetGuid();

    private Task<JsonElement> SendSmallAsync(string dataset, HttpStatusCode expected, params (byte[] Bytes, byte[]? Digest)[] files)
    {
        using var body = new MemoryStream();
        var length = new byte[4];
        foreach (var (bytes, digest) in files)
        {
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            body.Write(length);
            body.Write(digest ?? new byte[32]);
            body.Write(bytes);
        }

        return node.SendAsync(HttpMethod.Post, $"{(dataset.StartsWith('/') ? dataset : $"{DatasetNode.Root}/{dataset}")}/uploads/files", expected, new ByteArrayContent(body.ToArray()));
    }

    private Task<JsonElement> CommitAsync(string dataset, object head, params object[] lines) =>
        node.SendAsync(HttpMethod.Post, $"{DatasetNode.Root}/{dataset}/uploads/commit", HttpStatusCode.Created, Lines(head, lines));

    private static StringContent Lines(object head, params object[] lines) => new(string.Join('\n', lines.Prepend(head).Select(line => JsonSerializer.Serialize(line))));
}
