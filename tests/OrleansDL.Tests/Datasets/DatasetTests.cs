using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using OrleansDL.Events;
using OrleansDL.Lineage;
using OrleansDL.Models;

namespace OrleansDL.Tests.Datasets;

public sealed class DatasetTests(DatasetNode node) : IClassFixture<DatasetNode>
{
    private const string Root = DatasetNode.Root;

    [Fact]
    public async Task Every_commit_is_a_version_with_schema_statistics_sources_an_event_and_lineage()
    {
        var created = await node.CreateAsync("flowers", "table");
        var first = await node.CommitAsync("flowers", "message=first&tags=a,b&format=csv&path=one.csv", "length,species\n1.5,x\n2.5,y\n");
        var second = await node.CommitAsync("flowers", "message=second&tags=b&path=a-second.csv", "length,species\n3,x\n,x\n4,z\n");

        Assert.Equal((1, 2), (first.GetProperty("version").GetInt64(), second.GetProperty("version").GetInt64()));
        Assert.Equal((5, 3), (second.GetProperty("rows").GetInt64(), second.GetProperty("rowsAdded").GetInt64()));
        Assert.Equal(first.GetProperty("commit").GetString(), second.GetProperty("parent").GetString());
        Assert.Equal("float64,string", string.Join(',', second.GetProperty("schema").EnumerateArray().Select(column => column.GetProperty("type").GetString())));

        // In manifest order the second file comes first: row 0 to 2 are its rows.
        Assert.Equal(
            [("upload:a-second.csv", 0, 3), ("upload:one.csv", 3, 2)],
            second.GetProperty("sources").EnumerateArray().Select(source => (source.GetProperty("uri").GetString()!, source.GetProperty("firstRow").GetInt32(), source.GetProperty("rows").GetInt32())));

        var statistics = (await node.GetAsync($"{Root}/flowers/versions/latest/statistics")).GetProperty("items");
        Assert.Equal((4, 1, 2.75), (statistics[0].GetProperty("count").GetInt32(), statistics[0].GetProperty("nulls").GetInt32(), statistics[0].GetProperty("mean").GetDouble()));
        Assert.Equal(3, statistics[1].GetProperty("values").GetProperty("x").GetInt32());

        foreach (var (reference, version) in new[] { ("a", 1), ("b", 2), ("v1", 1), ("latest", 2), (first.GetProperty("commit").GetString()!, 1) })
        {
            Assert.Equal(version, (await node.GetAsync($"{Root}/flowers/versions/{reference}")).GetProperty("version").GetInt32());
        }

        await node.GetAsync($"{Root}/flowers/versions/v3", HttpStatusCode.NotFound);
        var events = (await node.Service<EventLog>().ReadAsync("default", 0, 1000)).Where(e => e.Subject == created.GetProperty("id").GetGuid()).ToList();
        Assert.Equal(2, events.Count);
        var data = JsonSerializer.Deserialize<JsonElement>(events[1].Data);
        Assert.Equal(("flowers", 2, 3, 5), (data.GetProperty("name").GetString(), data.GetProperty("version").GetInt32(), data.GetProperty("rowsAdded").GetInt32(), data.GetProperty("rows").GetInt32()));

        var log = node.Service<LineageLog>();
        var vertex = await log.FindAsync("default", $"dataset-version:{second.GetProperty("commit").GetString()}");
        var graph = await log.WalkAsync("default", vertex!, LineageDirection.Up, 10);
        Assert.Equal(["flowers@v1", "flowers@v2", "upload:a-second.csv", "upload:one.csv"], graph.Nodes.Select(found => found.Title).Order(StringComparer.Ordinal));
        Assert.Contains(graph.Edges, edge => edge.Role == "extends");
        Assert.Contains(graph.Edges, edge => edge.Role == "rows-from" && edge.Properties!.Contains("\"firstRow\":3,\"rows\":2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Equal_content_has_an_equal_digest_in_any_dataset_and_makes_no_new_blob()
    {
        await node.CreateAsync("once", "table");
        await node.CreateAsync("again", "table");
        var once = await node.CommitAsync("once", "path=a.csv", "a\n1\n");
        await node.CommitAsync("again", "path=b.csv", "a\n2\n");
        var again = await node.CommitAsync("again", "path=a.csv&mode=replace", "a\n1\n");
        Assert.Equal(once.GetProperty("content").GetString(), again.GetProperty("content").GetString());
        Assert.NotEqual(once.GetProperty("commit").GetString(), again.GetProperty("commit").GetString());

        var before = node.Files();
        var unchanged = await node.CommitAsync("once", "path=a.csv&tags=kept", "a\n1\n", HttpStatusCode.OK);
        Assert.Equal(1, unchanged.GetProperty("version").GetInt32());
        Assert.Equal("kept", unchanged.GetProperty("tags")[0].GetString());
        Assert.Equal(before, node.Files());
    }

    [Fact]
    public async Task A_repeated_idempotency_key_commits_once()
    {
        await node.CreateAsync("repeats", "table");
        for (var i = 0; i < 2; i++)
        {
            var version = await node.SendAsync(
                HttpMethod.Post, $"{Root}/repeats/commits?message=m", HttpStatusCode.Created, new StringContent("a\n1\n"), ("Idempotency-Key", "key-1"));
            Assert.Equal(1, version.GetProperty("version").GetInt32());
        }

        Assert.Equal(1, (await node.GetAsync($"{Root}/repeats")).GetProperty("latestVersion").GetInt32());
    }

    [Fact]
    public async Task Committers_at_once_all_get_a_version_and_no_row_is_lost()
    {
        await node.CreateAsync("crowd", "table");
        await Task.WhenAll(Enumerable.Range(0, 5).Select(i => node.CommitAsync("crowd", $"path=f{i}.csv", $"a\n{i}\n")));
        var latest = await node.GetAsync($"{Root}/crowd/versions/latest");
        Assert.Equal((5, 5), (latest.GetProperty("version").GetInt32(), latest.GetProperty("rows").GetInt32()));
    }

    [Fact]
    public async Task Rows_are_paged_and_typed_across_files()
    {
        await node.CreateAsync("paged", "table");
        await node.CommitAsync("paged", "path=a.csv", string.Concat(Enumerable.Range(0, 25).Prepend(-1).Select(i => i < 0 ? "id,text\n" : $"{i},\"line \"\"{i}\"\",\nmore\"\n")));
        await node.CommitAsync("paged", "path=b.jsonl&format=jsonl", string.Concat(Enumerable.Range(25, 10).Select(i => $"{{\"text\":null,\"id\":{i}}}\n")));
        var read = new List<JsonElement>();
        string? token = null;
        do
        {
            var page = await node.GetAsync($"{Root}/paged/versions/v2/rows?pageSize=10&pageToken={token}");
            read.AddRange(page.GetProperty("items").EnumerateArray());
            token = page.TryGetProperty("nextPageToken", out var next) ? next.GetString() : null;
        }
        while (token is not null);

        Assert.Equal(Enumerable.Range(0, 35), read.Select(row => row.GetProperty("id").GetInt32()));
        Assert.Equal("line \"7\",\nmore", read[7].GetProperty("text").GetString());
        Assert.False(read[30].TryGetProperty("text", out var none) && none.ValueKind != JsonValueKind.Null);
        await node.GetAsync($"{Root}/paged/versions/v2/rows?pageToken=nonsense", HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("tar")]
    [InlineData("zip")]
    public async Task Images_are_labelled_by_folder_and_come_back_as_they_were(string format)
    {
        var name = "pets-" + format;
        await node.CreateAsync(name, "image");
        (string, byte[])[] files = [("pets/cat/1.png", Pictures.Png(1)), ("pets/dog/1.png", Pictures.Png(2)), ("pets/cat/2.png", Pictures.Png(3)), ("pets/.DS_Store", [1])];
        var version = await node.CommitAsync(name, $"format={format}&path=pets.{format}", format == "tar" ? Pictures.Tar(files) : Pictures.Zip(files));
        Assert.Equal((3, 3), (version.GetProperty("rows").GetInt32(), version.GetProperty("files").GetInt32()));
        var entries = (await node.GetAsync($"{Root}/{name}/versions/v1/files")).GetProperty("items");
        Assert.Equal(["cat", "cat", "dog"], entries.EnumerateArray().Select(entry => entry.GetProperty("label").GetString()));
        var label = (await node.GetAsync($"{Root}/{name}/versions/v1/statistics")).GetProperty("items")[1];
        Assert.Equal(2, label.GetProperty("values").GetProperty("cat").GetInt32());

        using var response = await node.Http.GetAsync($"{Root}/{name}/versions/v1/download?path=pets/dog/1.png");
        Assert.Equal(Pictures.Png(2), await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(entries[2].GetProperty("blob").GetString()!["sha256:".Length..], response.Headers.ETag!.Tag.Trim('"'));

        await using var all = await node.Http.GetStreamAsync($"{Root}/{name}/versions/v1/download");
        await using var tar = new TarReader(all);
        var paths = new List<string>();
        while (await tar.GetNextEntryAsync(copyData: true) is { } entry)
        {
            paths.Add(entry.Name);
        }

        Assert.Equal(["pets/cat/1.png", "pets/cat/2.png", "pets/dog/1.png"], paths);

        // The same and one more: only the new one is added, and counted.
        var more = await node.CommitAsync(name, "format=tar", Pictures.Tar(("pets/cat/1.png", Pictures.Png(1)), ("pets/cat/9.png", Pictures.Png(9))));
        Assert.Equal((4, 1), (more.GetProperty("rows").GetInt32(), more.GetProperty("rowsAdded").GetInt32()));
        Assert.Equal(3, (await node.GetAsync($"{Root}/{name}/versions/v2/statistics")).GetProperty("items")[1].GetProperty("values").GetProperty("cat").GetInt32());
    }

    public static TheoryData<string, byte[], string> BadArchives()
    {
        var png = Pictures.Png(5);
        var link = Pictures.Tar([new PaxTarEntry(TarEntryType.SymbolicLink, "cat/x.png") { LinkName = "/etc/passwd" }]);
        var bomb = new MemoryStream();
        using (var gzip = new GZipStream(bomb, CompressionLevel.Fastest, leaveOpen: true))
        {
            using var tar = new TarWriter(gzip, TarEntryFormat.Pax, leaveOpen: true);
            for (var i = 0; i < 3; i++)
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, $"cat/{i}.png") { DataStream = new MemoryStream(new byte[60 << 20]) });
            }
        }

        return new TheoryData<string, byte[], string>
        {
            { "tar", Pictures.Tar(("cat/1.png", png), ("cat/notes.txt", Encoding.UTF8.GetBytes("not an image"))), "'cat/notes.txt' is no image" },
            { "tar", Pictures.Tar(("../1.png", png)), "leaves the dataset" },
            { "tar", Pictures.Tar(("/tmp/1.png", png)), "absolute" },
            { "tar", link, "SymbolicLink" },
            { "tar", Pictures.Tar(("1.png", png)), "lies in no folder" },
            { "tar", Pictures.Tar(("cat/1.png", png), ("cat/1.png", png)), "twice" },
            { "tar", new byte[1024], "holds no image" },
            { "tar", Encoding.UTF8.GetBytes(new string('x', 2000)), "no valid tar" },
            { "tar", [], "is empty" },
            { "tar", bomb.ToArray(), "'cat/0.png' is no image" },
            { "zip", Pictures.Zip(("a/../../1.png", png)), "leaves the dataset" },
            { "zip", Pictures.Zip(("cat/1.txt", [1, 2, 3])), "is no image" },
            { "zip", Pictures.Zip(), "holds no image" },
            { "zip", Encoding.UTF8.GetBytes("PK nothing"), "no valid zip" },
            { "zip", [], "is empty" },
            { "csv", png, "takes no format 'csv'" },
        };
    }

    [Theory]
    [MemberData(nameof(BadArchives))]
    public async Task A_bad_archive_is_refused_and_makes_no_version(string format, byte[] bytes, string says)
    {
        var name = $"bad-{Guid.NewGuid():N}";
        await node.CreateAsync(name, "image");
        var problem = await node.CommitAsync(name, $"format={format}", bytes, HttpStatusCode.BadRequest);
        Assert.Contains(says, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, (await node.GetAsync($"{Root}/{name}")).GetProperty("latestVersion").GetInt32());
        Assert.Equal(0, node.Files().Incoming);
    }

    [Fact]
    public async Task Archive_bombs_are_refused()
    {
        await node.CreateAsync("bombs", "files");
        var zip = Pictures.Zip(("zeros", new byte[200 << 20]));
        var problem = await node.CommitAsync("bombs", "format=zip", zip, HttpStatusCode.BadRequest);
        Assert.Contains("archive bombs", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, node.Files().Incoming);
    }

    [Theory]
    [InlineData("format=csv", "a,b\n1,2\n3\n", "Line 3 has 1 fields")]
    [InlineData("format=csv", "", "is empty")]
    [InlineData("format=csv&header=true", "a,b\n", "no row")]
    [InlineData("format=csv", "a,b\n1,2e999\n", "Line 2, column 'b'")]
    [InlineData("format=jsonl", "{\"a\":1}\n{\"a\":", "Line 2 is no valid JSON")]
    [InlineData("format=tar", "a\n1\n", "takes no format 'tar'")]
    [InlineData("format=csv&mode=upsert", "a\n1\n", "mode is append or replace")]
    [InlineData("format=csv&path=../x.csv", "a\n1\n", "no path within a dataset")]
    [InlineData("format=csv&tags=v7", "a\n1\n", "cannot be a tag")]
    public async Task A_bad_table_is_refused_and_leaves_nothing(string query, string text, string says)
    {
        var name = $"bad-{Guid.NewGuid():N}";
        await node.CreateAsync(name, "table");
        var before = node.Files();
        var problem = await node.CommitAsync(name, query, text, HttpStatusCode.BadRequest);
        Assert.Contains(says, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(before, node.Files());
        await node.GetAsync($"{Root}/{name}/versions/latest", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_commit_that_does_not_fit_the_schema_is_refused_with_every_reason()
    {
        await node.CreateAsync("strict", "table");
        await node.CommitAsync("strict", "path=a.csv", "a,b\n1,x\n");
        var reasons = await node.CommitAsync("strict", "path=b.csv&header=true", "a,c\n1,x\n", HttpStatusCode.BadRequest);
        Assert.Contains("column 'b' is missing (and it has c, which is new)", reasons.GetProperty("detail").GetString(), StringComparison.Ordinal);
        var wrong = await node.CommitAsync("strict", "path=b.csv", "a,b\n1,x\nword,y\n", HttpStatusCode.BadRequest);
        Assert.Contains("Line 3, column 'a': 'word' is no int64", wrong.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await node.CommitAsync("strict", "path=a.csv", "a,b\n2,x\n", HttpStatusCode.Conflict);

        var wider = await node.CommitAsync("strict", "path=b.csv", "a,b\n2.5,y\n");
        Assert.Equal("float64", wider.GetProperty("schema")[0].GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_diff_counts_files_rows_and_bytes()
    {
        await node.CreateAsync("diffs", "table");
        await node.CommitAsync("diffs", "path=a.csv", "a\n1\n2\n");
        await node.CommitAsync("diffs", "path=b.csv", "a\n3\n");
        await node.CommitAsync("diffs", "path=b.csv&mode=replace", "a\n4\n5\n6\n");
        var diff = await node.GetAsync($"{Root}/diffs/diff?from=v2&to=v3");
        Assert.Equal((3, 3), (diff.GetProperty("rowsAdded").GetInt32(), diff.GetProperty("rowsRemoved").GetInt32()));
        Assert.Equal("a.csv", diff.GetProperty("removed")[0].GetProperty("path").GetString());
        Assert.Equal("b.csv", diff.GetProperty("changed")[0].GetProperty("path").GetString());
    }

    [Fact]
    public async Task Files_are_replaced_and_removed_in_a_commit_and_their_rows_and_statistics_with_them()
    {
        await node.CreateAsync("edits", "table");
        await node.CommitAsync("edits", "path=a.csv", "a,t\n1,x\n2,y\n");
        await node.CommitAsync("edits", "path=b.csv", "a,t\n10,x\n");
        await node.CommitAsync("edits", "path=c.jsonl&format=jsonl", "{\"a\":100,\"t\":\"z\"}\n");
        var edited = await node.CommitAsync("edits", "path=b.csv&remove=b.csv&remove=a.csv", "a,t\n20,x\n30,w\n");
        Assert.Equal((3, 2, -1), (edited.GetProperty("rows").GetInt32(), edited.GetProperty("files").GetInt32(), edited.GetProperty("rowsAdded").GetInt32()));
        Assert.Equal(
            [("upload:b.csv", 0, 2), ("upload:c.jsonl", 2, 1)],
            edited.GetProperty("sources").EnumerateArray().Select(source => (source.GetProperty("uri").GetString()!, source.GetProperty("firstRow").GetInt32(), source.GetProperty("rows").GetInt32())));
        var statistics = (await node.GetAsync($"{Root}/edits/versions/latest/statistics")).GetProperty("items");
        Assert.Equal((3, 50.0, 20.0), (statistics[0].GetProperty("count").GetInt32(), statistics[0].GetProperty("mean").GetDouble(), statistics[0].GetProperty("min").GetDouble()));
        Assert.Equal("w,x,z", string.Join(',', statistics[1].GetProperty("values").EnumerateObject().Select(value => value.Name)));

        await node.CommitAsync("edits", "path=d.csv&remove=nothing.csv", "a,t\n1,x\n", HttpStatusCode.NotFound);
        await node.CommitAsync("edits", "path=b.csv/d.csv", "a,t\n1,x\n", HttpStatusCode.Conflict);
        await node.CommitAsync("edits", "path=b.csv/d.csv&remove=b.csv", "a,t\n1,x\n");
        await node.CommitAsync("edits", "path=b.csv", "a,t\n1,x\n", HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task A_commit_on_an_expected_head_is_refused_when_the_branch_moved_on()
    {
        await node.CreateAsync("expected", "table");
        var first = await node.CommitAsync("expected", "path=a.csv", "a\n1\n");
        var head = first.GetProperty("commit").GetString();
        await node.CommitAsync("expected", $"path=b.csv&expectedHead={head}", "a\n2\n");
        var problem = await node.CommitAsync("expected", $"path=c.csv&expectedHead={head}", "a\n3\n", HttpStatusCode.Conflict);
        Assert.Contains("someone committed in between", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await node.CommitAsync("expected", "path=c.csv&branch=nowhere", "a\n3\n", HttpStatusCode.NotFound);
        Assert.Equal(2, (await node.GetAsync($"{Root}/expected/versions/main")).GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task A_dataset_is_renamed_and_deleted_with_if_match_and_its_name_begins_anew()
    {
        var created = await node.CreateAsync("old-name", "table");
        await node.CommitAsync("old-name", "path=a.csv", "a\n1\n");
        var etag = (await node.GetAsync($"{Root}/old-name")).GetProperty("eTag").GetString()!;
        await node.SendAsync(HttpMethod.Patch, $"{Root}/old-name", HttpStatusCode.PreconditionFailed, DatasetNode.Json(new { name = "new-name" }), ("If-Match", "\"0\""));
        var renamed = await node.SendAsync(HttpMethod.Patch, $"{Root}/old-name", HttpStatusCode.OK, DatasetNode.Json(new { name = "new-name" }), ("If-Match", $"\"{etag}\""));
        Assert.NotEqual(etag, renamed.GetProperty("eTag").GetString());
        Assert.Equal("new-name", (await node.GetAsync($"{Root}/{created.GetProperty("id").GetString()}/versions/latest")).GetProperty("datasetName").GetString());
        Assert.Contains("new-name", (await node.GetAsync($"{Root}?pageSize=1000")).GetProperty("items").EnumerateArray().Select(item => item.GetProperty("name").GetString()));

        await node.SendAsync(HttpMethod.Delete, $"{Root}/new-name", HttpStatusCode.NoContent);
        await node.GetAsync($"{Root}/new-name", HttpStatusCode.NotFound);
        var again = await node.CreateAsync("new-name", "image");
        Assert.Equal(0, again.GetProperty("latestVersion").GetInt32());
        await node.GetAsync($"{Root}/new-name/versions/v1", HttpStatusCode.NotFound);
        await node.SendAsync(HttpMethod.Post, Root, HttpStatusCode.Conflict, DatasetNode.Json(new { name = "new-name", kind = "table" }));
        await node.SendAsync(HttpMethod.Post, Root, HttpStatusCode.BadRequest, DatasetNode.Json(new { name = "../x", kind = "table" }));
    }

    [Fact]
    public async Task An_upload_that_breaks_off_leaves_nothing()
    {
        await node.CreateAsync("broken", "files");
        var before = node.Files();
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(node.Http.BaseAddress!.Host, node.Http.BaseAddress.Port);
            await using var stream = socket.GetStream();
            var token = node.Http.DefaultRequestHeaders.Authorization!.Parameter;
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"POST {Root}/broken/commits?format=file&path=x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 10000000\r\n\r\n"));
            await stream.WriteAsync(new byte[1 << 20]);
            await WaitAsync(() => node.Files().Incoming == 1);
            socket.Client.LingerState = new LingerOption(enable: true, seconds: 0);
        }

        await WaitAsync(() => node.Files() == before);
        Assert.Equal(0, (await node.GetAsync($"{Root}/broken")).GetProperty("latestVersion").GetInt32());
    }

    private static async Task WaitAsync(Func<bool> condition)
    {
        for (var i = 0; i < 200 && !condition(); i++)
        {
            await Task.Delay(50);
        }

        Assert.True(condition());
    }
}
