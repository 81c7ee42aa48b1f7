using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace OrleansDL.Tests.Datasets;

public sealed class SelectionTests(DatasetNode node) : IClassFixture<DatasetNode>
{
    private static readonly (string Tag, int Rows)[] Parts = [("first", 5_500), ("second", 7_600), ("third", 3_100)];

    [Fact]
    public async Task Three_tagged_commits_of_intents_are_selected_each_alone_and_together()
    {
        await node.CreateAsync("intents", "text");
        foreach (var (index, (tag, rows)) in Parts.Index())
        {
            await node.CommitAsync("intents", $"path={tag}.csv&header=false&tags=all,{tag}", Intents(index, rows));
        }

        var union = await SelectAsync("intents", new { tags = new[] { "all" } });
        Assert.Equal((16_200, 151), (Number(union, "rows"), Number(union, "labelCount")));
        Assert.Equal(3, Number(union, "files"));
        Assert.Equal([5_500, 7_600, 3_100], union.GetProperty("commits").EnumerateArray().Select(commit => Number(commit, "rows")));
        foreach (var (index, (tag, rows)) in Parts.Index())
        {
            var alone = await SelectAsync("intents", new { tags = new[] { "all", tag } });
            Assert.Equal((rows, LabelsOf(index).Count()), (Number(alone, "rows"), Number(alone, "labelCount")));
            Assert.Equal(rows, Number(alone.GetProperty("version"), "rows"));
        }

        // Nothing was copied: the snapshot's files are the commits' files, and equal content has an equal digest.
        Assert.Equal(
            (await node.GetAsync($"{DatasetNode.Root}/intents/versions/v3")).GetProperty("content").GetString(),
            union.GetProperty("version").GetProperty("content").GetString());
        var again = await SelectAsync("intents", new { tags = new[] { "all" } });
        Assert.Equal(union.GetProperty("version").ToString(), again.GetProperty("version").ToString());
        Assert.Equal(union.GetProperty("labels").ToString(), again.GetProperty("labels").ToString());

        // The newest version of the dataset is still the last upload, and what was selected is told in lineage.
        Assert.Equal(3, Number(await node.GetAsync($"{DatasetNode.Root}/intents/versions/latest"), "version"));
        var lineage = await node.GetAsync($"/v1/projects/default/lineage?reference=dataset:intents@v{Number(union.GetProperty("version"), "version")}&direction=up");
        Assert.Equal(3, lineage.GetProperty("edges").EnumerateArray().Count(edge => edge.GetProperty("role").GetString() == "selected-from"));
    }

    [Fact]
    public async Task Adding_commits_never_renumbers_labels()
    {
        var random = new Random(11);
        await node.CreateAsync("growing", "table");
        string[] ofVersion = [];
        string[] ofTag = [];
        for (var commit = 1; commit <= 12; commit++)
        {
            var rows = string.Concat(Enumerable.Range(0, 30).Select(row => $"{commit * 100 + row},L{random.Next(0, 5 * commit)}\n"));
            var tags = commit % 3 == 1 || commit > 9 ? "&tags=kept" : "";
            await node.CommitAsync("growing", $"path=p{random.Next(1000, 9999)}-{commit}.csv&header=false{tags}", rows);

            var version = await LabelsAsync("growing", "latest");
            Assert.Equal(ofVersion, version.Take(ofVersion.Length));
            var snapshot = (await SelectAsync("growing", new { tags = new[] { "kept" }, sample = new { rows = 40, seed = commit } })).GetProperty("version");
            var selected = await LabelsAsync("growing", $"v{Number(snapshot, "version")}");
            Assert.Equal(ofTag, selected.Take(ofTag.Length));
            (ofVersion, ofTag) = (version, selected);
        }

        Assert.Equal(ofVersion.Length, ofVersion.Distinct().Count());
        Assert.True(ofTag.Length > 10 && ofVersion.Length > ofTag.Length);
        Assert.NotEqual(ofVersion.Order(StringComparer.Ordinal), ofVersion);
    }

    [Fact]
    public async Task Rows_that_a_filter_takes_keep_their_bytes()
    {
        await node.CreateAsync("bytes", "table");
        await node.CommitAsync("bytes", "path=a.csv&header=true", "n,word,score\r\n1,\"one, \"\"two\"\"\",0.5\r\n2,,1e2\r\n\r\n3,\"line\nbreak\",-1\r\n4,plain,7");
        await node.CommitAsync("bytes", "path=b.jsonl&format=jsonl", "{\"n\": 5, \"word\": \"fünf\", \"score\": 2.0}\n\n{\"word\":null,\"n\":6,\"score\":0}\n");

        var result = await SelectAsync("bytes", new { filter = "n % 2 == 1 && (score < 1.0 || row[\"word\"] == \"fünf\")" });
        Assert.Equal((3, 2), (Number(result, "rows"), Number(result, "filesCut")));
        var version = Number(result.GetProperty("version"), "version");
        Assert.Equal("n,word,score\r\n1,\"one, \"\"two\"\"\",0.5\r\n3,\"line\nbreak\",-1\r\n", await TextAsync("bytes", version, "a.csv"));
        Assert.Equal("{\"n\": 5, \"word\": \"fünf\", \"score\": 2.0}\n", await TextAsync("bytes", version, "b.jsonl"));
        var origins = result.GetProperty("version").GetProperty("sources").EnumerateArray().Select(source => (source.GetProperty("uri").GetString(), Number(source, "rows")));
        Assert.Equal([("upload:a.csv", 2L), ("upload:b.jsonl", 1L)], origins);
        Assert.Equal(3, (await RowsAsync("bytes", version)).Count);
    }

    [Fact]
    public async Task A_sample_hangs_on_the_seed_and_the_rows_and_stays_when_rows_are_added()
    {
        await node.CreateAsync("sampled", "table");
        await node.CommitAsync("sampled", "path=b.csv&header=true", Numbers(0, 3000));
        var share = await SampledAsync(new { fraction = 0.2, seed = 5 });
        Assert.InRange(share.Count, 480, 720);
        var exact = await SampledAsync(new { rows = 100, seed = 5 });
        Assert.Equal(100, exact.Count);
        Assert.Superset(exact, share);
        Assert.NotEqual(share, await SampledAsync(new { fraction = 0.2, seed = 6 }));

        await node.CommitAsync("sampled", "path=a.csv&header=true", Numbers(3000, 1000));
        var more = await SampledAsync(new { fraction = 0.2, seed = 5 });
        Assert.Equal(share, more.Where(n => n < 3000).ToHashSet());
        Assert.Equal(4000, (await SampledAsync(new { rows = 9999, seed = 1 })).Count);

        // The numbers of rows are a promise: a sample made today is the same tomorrow.
        Assert.Equal(SampleOfOldDays, string.Join(' ', exact.Order().Take(10)));

        async Task<HashSet<long>> SampledAsync(object sample)
        {
            var version = (await SelectAsync("sampled", new { sample })).GetProperty("version");
            return [.. (await RowsAsync("sampled", Number(version, "version"))).Select(row => Number(row, "n"))];
        }
    }

    private const string SampleOfOldDays = "35 44 55 74 87 129 139 163 198 293";

    [Fact]
    public async Task Labels_and_images_are_chosen_by_what_is_known_of_them()
    {
        await node.CreateAsync("pictures", "image");
        string[] kinds = ["cat", "dog", "owl"];
        await node.CommitAsync(
            "pictures", "format=tar", Pictures.Tar([.. Enumerable.Range(0, 30).Select(i => ($"{kinds[i % 3]}/{i:d2}.png", Pictures.Png((byte)i)))]));

        var dogs = await SelectAsync("pictures", new { labels = new { exclude = new[] { "cat" } }, filter = "label != \"owl\" && bytes > 0 && path.endsWith(\".png\")" });
        Assert.Equal((10, 10, 0), (Number(dogs, "rows"), Number(dogs, "files"), Number(dogs, "filesCut")));
        Assert.Equal(["dog"], dogs.GetProperty("labels").EnumerateArray().Select(label => label.GetProperty("label").GetString()));
        var counted = await SelectAsync("pictures", new { sample = new { rows = 7, seed = 3 } }, dryRun: true);
        Assert.Equal(7, Number(counted, "rows"));
        Assert.False(counted.TryGetProperty("version", out _));
    }

    [Fact]
    public async Task Images_and_labels_in_two_idx_files_are_cut_together()
    {
        await node.CreateAsync("idx", "table");
        byte[] images = [0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 2, 0, 0, 0, 2, .. Enumerable.Range(0, 24).Select(i => (byte)i)];
        byte[] labels = [0, 0, 8, 1, 0, 0, 0, 6, 0, 1, 2, 0, 1, 2];
        byte[] Packed(byte[] file) => [.. BitConverter.GetBytes(file.Length), .. new byte[32], .. file];
        string Added(string path, byte[] file) => JsonSerializer.Serialize(new { add = path, blob = $"sha256:{Convert.ToHexStringLower(SHA256.HashData(file))}" });
        await node.SendAsync(HttpMethod.Post, $"{DatasetNode.Root}/idx/uploads/files", HttpStatusCode.OK, new ByteArrayContent([.. Packed(images), .. Packed(labels)]));
        var lines = $"{{}}\n{Added("t-images-idx3-ubyte", images)}\n{Added("t-labels-idx1-ubyte", labels)}\n";
        await node.SendAsync(HttpMethod.Post, $"{DatasetNode.Root}/idx/uploads/commit", HttpStatusCode.Created, new StringContent(lines));

        var ones = (await SelectAsync("idx", new { labels = new { include = new[] { "1" } } })).GetProperty("version");
        Assert.Equal((2, 2), (Number(ones, "rows"), Number(ones, "files")));
        byte[] cut = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 4, 5, 6, 7, 16, 17, 18, 19];
        Assert.Equal(cut, await node.Http.GetByteArrayAsync($"{DatasetNode.Root}/idx/versions/v{Number(ones, "version")}/download?path=t-images-idx3-ubyte"));
        Assert.Equal([0, 0, 8, 1, 0, 0, 0, 2, 1, 1], await node.Http.GetByteArrayAsync($"{DatasetNode.Root}/idx/versions/v{Number(ones, "version")}/download?path=t-labels-idx1-ubyte"));
        Assert.Equal(4, Number(await SelectAsync("idx", new { sample = new { rows = 4, seed = 1 } }), "rows"));
    }

    [Theory]
    [InlineData("parquet")]
    [InlineData("arrow")]
    [InlineData("npy")]
    [InlineData("webdataset")]
    public async Task Rows_are_taken_out_of_files_of_every_format(string format)
    {
        var name = $"cut-{format}";
        if (format == "webdataset")
        {
            await node.CreateAsync(name, "table");
            await node.CommitAsync(name, "path=x.tar&format=webdataset", Pictures.Tar([.. Enumerable.Range(0, 9).SelectMany(i => new[]
            {
                ($"{i}.png", Pictures.Png((byte)i)), ($"{i}.cls", System.Text.Encoding.UTF8.GetBytes($"{i}")),
            })]));
        }
        else
        {
            await node.CreateAsync($"{name}-from", "table");
            var rows = string.Concat(Enumerable.Range(0, 9).Select(i => format == "npy" ? $"{i},{i}.5\n" : $"{i},{i}.5,{(i == 4 ? "" : $"w{i}")},{i % 2 == 0}\n"));
            await node.CommitAsync($"{name}-from", "path=a.csv&header=true", (format == "npy" ? "label,x\n" : "label,x,word,even\n") + rows);
            await node.CreateAsync(name, "table");
            await node.CommitAsync(name, $"path=x.{format}", await node.Http.GetByteArrayAsync($"{DatasetNode.Root}/{name}-from/versions/v1/export?format={format}"));
        }

        // From the middle, and up to the last.
        foreach (var (filter, wanted) in new[] { ("label > 1 && label < 7 && label != 5", "2 3 4 6"), ("label == 0 || label >= 7", "0 7 8") })
        {
            var cut = (await SelectAsync(name, new { filter })).GetProperty("version");
            var before = (await RowsAsync(name, 1)).Where(row => wanted.Split(' ').Contains(row.GetProperty("label").ToString())).Select(row => row.ToString());
            var after = await RowsAsync(name, Number(cut, "version"));
            Assert.Equal(wanted, string.Join(' ', after.Select(row => row.GetProperty("label").ToString())));
            if (format == "webdataset")
            {
                var (last, original) = (wanted[^1] - '0', $"{DatasetNode.Root}/{name}/versions/v1/rows/{wanted[^1]}/thumbnail?column=image");
                Assert.Equal($"{last}", after[^1].GetProperty("key").GetString());
                Assert.Equal(
                    await node.Http.GetByteArrayAsync(original),
                    await node.Http.GetByteArrayAsync($"{DatasetNode.Root}/{name}/versions/v{Number(cut, "version")}/rows/{after.Count - 1}/thumbnail?column=image"));
                continue;
            }

            Assert.Equal(before, after.Select(row => row.ToString()));
            Assert.Equal(after[^1].ToString(), (await node.GetAsync($"{DatasetNode.Root}/{name}/versions/v{Number(cut, "version")}/rows/{after.Count - 1}")).ToString());
        }
    }

    [Fact]
    public async Task A_selection_that_is_given_up_stops_and_writes_nothing()
    {
        await node.CreateAsync("given-up", "table");
        await node.CommitAsync("given-up", "path=a.csv&header=true", Numbers(0, 5000));
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => node.Service<IGrainFactory>().GetGrain<OrleansDL.Datasets.ISelectionsGrain>("default").SelectAsync(
            "given-up", new OrleansDL.Datasets.DatasetSelection { Filter = "n > 3" }, dryRun: false, cancel.Token));
        Assert.Equal(1, Number(await node.GetAsync($"{DatasetNode.Root}/given-up"), "latestVersion"));
    }

    [Fact]
    public async Task A_commit_that_changes_a_file_brings_the_file_and_what_was_removed_can_still_be_selected()
    {
        await node.CreateAsync("changed", "table");
        await node.CommitAsync("changed", "path=a.csv&header=false&tags=x", "1,a\n2,b\n");
        await node.CommitAsync("changed", "path=b.csv&header=false", "3,c\n");
        await node.CommitAsync("changed", "path=c.csv&header=false&tags=x&mode=replace", "4,d\n");

        Assert.Equal(3, Number(await SelectAsync("changed", new { tags = new[] { "x" } }), "rows"));
        Assert.Equal(1, Number(await SelectAsync("changed", new { versions = new[] { "v2" } }), "rows"));
        Assert.Equal(1, Number(await SelectAsync("changed", new { }), "rows"));
        Assert.Equal(2, Number(await SelectAsync("changed@v2", new { tags = new[] { "x" } }), "rows"));
        Assert.Equal(["d"], await LabelsAsync("changed", "latest"));
    }

    [Theory]
    [InlineData("""{"filter": "n > \"x\""}""", "does not fit the dataset")]
    [InlineData("""{"filter": "nothing > 3"}""", "there is no 'nothing' here; known are label, n, row")]
    [InlineData("""{"filter": "n + 1"}""", "is a condition")]
    [InlineData("""{"filter": "n > 1"}""", "cannot be decided for row 1 of 'a.csv'")]
    [InlineData("""{"filter": "n != null && n > 100"}""", "selects no rows")]
    [InlineData("""{"tags": ["x"], "versions": ["v1"]}""", "tags or versions, not both")]
    [InlineData("""{"sample": {"rows": 1, "fraction": 0.5}}""", "give one of the two")]
    [InlineData("""{"sample": {"fraction": 1.5}}""", "more than 0 and at most 1")]
    [InlineData("""{"labels": {"column": "nope"}}""", "'nope' is no column")]
    [InlineData("""{"whatever": 1}""", "whatever")]
    public async Task What_is_wrong_with_a_query_is_said(string query, string expected)
    {
        if ((await node.Http.GetAsync($"{DatasetNode.Root}/wrong")).StatusCode == HttpStatusCode.NotFound)
        {
            await node.CreateAsync("wrong", "table");
            await node.CommitAsync("wrong", "path=a.csv&header=true", "n,label\n5,a\n,b\n");
        }

        var problem = await node.SendAsync(
            HttpMethod.Post, $"{DatasetNode.Root}/wrong/selections", HttpStatusCode.BadRequest, new StringContent(query, Encoding.UTF8, "application/json"));
        Assert.Contains(expected, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tags_that_no_commit_carries_together_are_not_found()
    {
        await node.CreateAsync("tagged", "table");
        await node.CommitAsync("tagged", "path=a.csv&header=false&tags=p", "1,a\n");
        await node.CommitAsync("tagged", "path=b.csv&header=false&tags=q", "2,b\n");
        var problem = await node.SendAsync(
            HttpMethod.Post, $"{DatasetNode.Root}/tagged/selections", HttpStatusCode.NotFound, DatasetNode.Json(new { tags = new[] { "p", "q" } }));
        Assert.Contains("all of the tags p, q", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private Task<JsonElement> SelectAsync(string dataset, object query, bool dryRun = false) => node.SendAsync(
        HttpMethod.Post, $"{DatasetNode.Root}/{dataset}/selections?dryRun={(dryRun ? "true" : "false")}", dryRun ? HttpStatusCode.OK : HttpStatusCode.Created, DatasetNode.Json(query));

    private async Task<string[]> LabelsAsync(string dataset, string version) =>
        [.. (await node.GetAsync($"{DatasetNode.Root}/{dataset}/versions/{version}/labels")).GetProperty("labels").EnumerateArray().Select(label => label.GetString()!)];

    private async Task<List<JsonElement>> RowsAsync(string dataset, long version)
    {
        var rows = new List<JsonElement>();
        string? token = null;
        do
        {
            var page = await node.GetAsync($"{DatasetNode.Root}/{dataset}/versions/v{version}/rows?pageSize=1000{(token is null ? "" : $"&pageToken={Uri.EscapeDataString(token)}")}");
            rows.AddRange(page.GetProperty("items").EnumerateArray());
            token = page.TryGetProperty("nextPageToken", out var next) ? next.GetString() : null;
        }
        while (token is not null);
        return rows;
    }

    private Task<string> TextAsync(string dataset, long version, string path) =>
        node.Http.GetStringAsync($"{DatasetNode.Root}/{dataset}/versions/v{version}/download?path={path}");

    private static long Number(JsonElement element, string property) => element.GetProperty(property).GetInt64();

    // Each part has labels of its own and shares some with the others: 151 together.
    private static IEnumerable<string> LabelsOf(int part) =>
        Enumerable.Range(part * 45, part == 2 ? 61 : 65).Select(label => $"intent_{(label * 37) % 151:d3}");

    private static string Intents(int part, int rows)
    {
        var labels = LabelsOf(part).ToList();
        return string.Concat(Enumerable.Range(0, rows).Select(row => $"\"say, please, thing {row} of part {part}\",{labels[row % labels.Count]}\n"));
    }

    private static string Numbers(int first, int count) =>
        "n,square\n" + string.Concat(Enumerable.Range(first, count).Select(n => string.Create(CultureInfo.InvariantCulture, $"{n},{(long)n * n}\n")));
}
