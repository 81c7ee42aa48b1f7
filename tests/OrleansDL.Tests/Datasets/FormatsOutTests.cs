using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using OrleansDL.Tests.Architecture;
using SkiaSharp;

namespace OrleansDL.Tests.Datasets;

public sealed class FormatsOutTests(DatasetNode node) : IClassFixture<DatasetNode>
{
    private const string Root = DatasetNode.Root;
    private const string Mnist = "/usr/share/datasets/fashion-mnist";

    [Theory]
    [InlineData("csv")]
    [InlineData("tsv")]
    [InlineData("jsonl")]
    [InlineData("parquet")]
    [InlineData("arrow")]
    public async Task Tables_go_out_and_come_in_again_as_they_were(string format)
    {
        await TableAsync();
        var bytes = await node.Http.GetByteArrayAsync($"{Root}/out-table/versions/latest/export?format={format}");
        await node.CreateAsync($"again-{format}", "table");
        var version = await node.CommitAsync($"again-{format}", "types=zip=string", bytes);
        var source = await node.GetAsync($"{Root}/out-table/versions/latest");
        Assert.Equal(source.GetProperty("schema").GetRawText(), version.GetProperty("schema").GetRawText());
        Assert.Equal(await RowsAsync("out-table"), await RowsAsync($"again-{format}"));
    }

    [Fact]
    public async Task Numpy_arrays_go_out_and_come_in_again()
    {
        await TableAsync();
        var records = await node.Http.GetByteArrayAsync($"{Root}/out-table/versions/latest/export?format=npy&columns=id,score,zip&filter=score != null && zip != null");
        await node.CreateAsync("again-npy", "table");
        await node.CommitAsync("again-npy", "", records);
        Assert.Equal(
            (await RowsAsync("out-table", "columns=id,score,zip&filter=score != null %26%26 zip != null")).Count, (await RowsAsync("again-npy")).Count);
        using var refused = await node.Http.GetAsync($"{Root}/out-table/versions/latest/export?format=npy&columns=ok");
        Assert.Contains("npy has no nulls", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exports_choose_columns_and_rows_and_refuse_what_a_format_cannot_hold()
    {
        await TableAsync();
        var chosen = await node.Http.GetStringAsync($"{Root}/out-table/versions/latest/export?format=csv&columns=text,id&filter=id < 2");
        Assert.Equal("text,id\n\"a,\"\"b\"\"\n0\",0\n\"a,\"\"b\"\"\n1\",1\n", chosen);
        foreach (var (query, says) in new[]
        {
            ("format=xml", "no export format 'xml'"), ("format=csv&columns=nope", "no column 'nope'"), ("format=csv&filter=id ==", "filter:"),
            ("format=csv&filter=id == \"x\"", "filter: =="), ("format=csv&filter=id %2B 1", "is a condition"), ("format=original&columns=id", "takes no columns"),
            ("format=idx", "one tensor column"), ("format=tar", "a column 'label'"),
        })
        {
            var refused = await node.GetAsync($"{Root}/out-table/versions/latest/export?{query}", HttpStatusCode.BadRequest);
            Assert.Contains(says, refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Images_go_out_as_web_dataset_and_folders_and_come_in_again()
    {
        await node.CreateAsync("out-pets", "image");
        await node.CommitAsync("out-pets", "path=pets.tar", Pictures.Tar(("p/cat/1.png", Pictures.Png(1)), ("p/dog/1.png", Pictures.Png(2)), ("p/dog/2.png", Pictures.Png(3))));
        var web = await node.Http.GetByteArrayAsync($"{Root}/out-pets/versions/latest/export?format=webdataset");
        await node.CreateAsync("web-pets", "table");
        var version = await node.CommitAsync("web-pets", "path=w.tar", web);
        Assert.Equal(3, version.GetProperty("rows").GetInt32());
        var back = await node.Http.GetByteArrayAsync($"{Root}/web-pets/versions/latest/export?format=tar&columns=image,label&filter=label == \"dog\"");
        Assert.Equal([Pictures.Png(2), Pictures.Png(3)], (await FilesAsync(back)).Values);
        var parquet = await node.Http.GetByteArrayAsync($"{Root}/out-pets/versions/latest/export?format=parquet");
        await node.CreateAsync("parquet-pets", "image");
        var again = await node.CommitAsync("parquet-pets", "", parquet);
        Assert.Equal("image", again.GetProperty("schema")[0].GetProperty("type").GetString());
        Assert.Equal(web.Length, (await node.Http.GetByteArrayAsync($"{Root}/parquet-pets/versions/latest/export?format=webdataset")).Length);
    }

    [Fact]
    public async Task Fashion_mnist_comes_in_from_idx_and_goes_out_as_mds_and_idx_bit_by_bit()
    {
        Assert.True(Directory.Exists(Mnist), $"{Mnist} is missing: install Debian's package dataset-fashion-mnist.");
        await node.CreateAsync("mnist", "image");
        var expected = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var lines = new List<object> { new { message = "all" } };
        foreach (var file in Directory.EnumerateFiles(Mnist, "*.gz").Order(StringComparer.Ordinal))
        {
            await using var packed = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
            var content = new MemoryStream();
            await packed.CopyToAsync(content);
            expected[Path.GetFileNameWithoutExtension(file)] = content.ToArray();
            lines.Add(new { add = Path.GetFileName(file), blob = await UploadAsync(await File.ReadAllBytesAsync(file)), split = Path.GetFileName(file).StartsWith("t10k", StringComparison.Ordinal) ? "test" : "train" });
        }

        var version = await CommitAsync("mnist", lines);
        Assert.Equal(70_000, version.GetProperty("rows").GetInt32());
        Assert.Equal("uint8[28,28]", version.GetProperty("schema")[0].GetProperty("tensor").GetString());
        Assert.Equal("int64", version.GetProperty("schema")[1].GetProperty("type").GetString());

        // Manifest order: t10k before train.
        var (images, labels) = (
            expected["t10k-images-idx3-ubyte"][16..].Concat(expected["train-images-idx3-ubyte"][16..]).ToArray(),
            expected["t10k-labels-idx1-ubyte"][8..].Concat(expected["train-labels-idx1-ubyte"][8..]).ToArray());
        var idx = await FilesAsync(await node.Http.GetByteArrayAsync($"{Root}/mnist/versions/latest/export?format=idx"));
        Assert.True(idx["mnist-images-idx3-ubyte"].AsSpan(16).SequenceEqual(images));
        Assert.True(idx["mnist-labels-idx1-ubyte"].AsSpan(8).SequenceEqual(labels));
        Assert.Equal([0, 0, 8, 3, 0, 1, 0x11, 0x70, 0, 0, 0, 28, 0, 0, 0, 28], idx["mnist-images-idx3-ubyte"][..16]);

        using var folder = new PushFolder();
        await UnpackAsync("mnist", folder.Path);
        string[] files = [.. new[] { "t10k", "train" }.SelectMany(part => new[] { $"{Mnist}/{part}-images-idx3-ubyte.gz", $"{Mnist}/{part}-labels-idx1-ubyte.gz" })];
        Assert.Equal("70000 rows are equal", (await Python.RunAsync([Script("read_mds.py"), folder.Path, .. files])).Trim());

        var test = await node.Http.GetByteArrayAsync($"{Root}/mnist/versions/latest/export?format=npy&columns=image&split=test");
        Assert.True(test.AsSpan(128).SequenceEqual(expected["t10k-images-idx3-ubyte"].AsSpan(16)));
        using var picture = SKBitmap.Decode(await node.Http.GetByteArrayAsync($"{Root}/mnist/versions/latest/rows/10000/thumbnail"));
        Assert.Equal((28, 28, images[(10_000 * 784) + 400]), (picture.Width, picture.Height, picture.GetPixel(400 % 28, 400 / 28).Red));
    }

    [Fact]
    public async Task Rows_are_paged_with_filters_and_read_one_by_one_with_thumbnails()
    {
        await TableAsync();
        var rows = await RowsAsync("out-table", "filter=id >= 2990 %26%26 zip != null&columns=id,zip");
        Assert.Equal(10, rows.Count);
        Assert.Equal("{\"id\":2990,\"zip\":\"02990\"}", rows[0]);
        Assert.Equal(2_500, (await node.GetAsync($"{Root}/out-table/versions/latest/rows/2500")).GetProperty("id").GetInt32());
        await node.GetAsync($"{Root}/out-table/versions/latest/rows/3000", HttpStatusCode.NotFound);

        await node.CreateAsync("thumbs", "image");
        await node.CommitAsync("thumbs", "path=t.tar", Pictures.Tar(("cat/1.png", Pictures.Png(77))));
        var link = (await node.GetAsync($"{Root}/thumbs/versions/latest/rows")).GetProperty("items")[0].GetProperty("image").GetProperty("thumbnail").GetString();
        using var picture = SKBitmap.Decode(await node.Http.GetByteArrayAsync($"{link}&size=4"));
        Assert.Equal((4, 4, 77), (picture.Width, picture.Height, picture.GetPixel(1, 1).Red));
        await node.GetAsync($"{Root}/out-table/versions/latest/rows/0/thumbnail", HttpStatusCode.BadRequest);
        await node.GetAsync($"{Root}/thumbs/versions/latest/rows/0/thumbnail?size=4096", HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("zip")]
    [InlineData("tar")]
    [InlineData("original")]
    public async Task Images_and_files_go_out_in_archives_and_come_in_again_as_the_same_content(string format)
    {
        var packed = format == "original" ? "tar" : format;
        var random = new byte[300_000];
        new Random(7).NextBytes(random);
        await node.CreateAsync($"pets-{format}", "image");
        var pets = await node.CommitAsync(
            $"pets-{format}", "path=p.zip", Pictures.Zip(("p/cat/1.png", Pictures.Png(1)), ("p/dog/ä 2.png", Pictures.Png(2)), ("p/dog/3.png", Pictures.Png(3))));
        await node.CreateAsync($"files-{format}", "files");
        var files = await node.CommitAsync(
            $"files-{format}", "path=f.zip&format=zip", Pictures.Zip(("a/b/c.bin", random), ("read me.txt", "words, words"u8.ToArray()), ("ü.txt", new byte[70_000])));
        foreach (var (name, kind, version) in new[] { ("pets", "image", pets), ("files", "files", files) })
        {
            var archive = await node.Http.GetByteArrayAsync($"{Root}/{name}-{format}/versions/latest/export?format={format}");
            await node.CreateAsync($"{name}-{format}-again", kind);
            var again = await node.CommitAsync($"{name}-{format}-again", $"path=again.{packed}&format={packed}", archive);
            Assert.Equal(version.GetProperty("content").GetString(), again.GetProperty("content").GetString());
            if (format != "zip")
            {
                continue;
            }

            Assert.True(archive.Length < 400_000);
            using var folder = new PushFolder();
            folder.Write("out.zip", archive);
            Assert.Equal("Done testing", (await Python.RunAsync("-m", "zipfile", "-t", Path.Combine(folder.Path, "out.zip"))).Trim());
        }
    }

    [Fact]
    public async Task A_zip_holds_the_rows_that_were_chosen()
    {
        await TableAsync();
        await node.CreateAsync("zip-chosen", "image");
        await node.CommitAsync("zip-chosen", "path=p.zip", Pictures.Zip(("cat/1.png", Pictures.Png(1)), ("dog/1.png", Pictures.Png(2))));

        // Rows of a table have no path of their own.
        var parquet = await node.Http.GetByteArrayAsync($"{Root}/zip-chosen/versions/latest/export?format=parquet");
        await node.CommitAsync("zip-chosen", "path=more.parquet", parquet);
        var bytes = await node.Http.GetByteArrayAsync($"{Root}/zip-chosen/versions/latest/export?format=zip&filter=label == \"dog\"");
        await using var zip = new ZipArchive(new MemoryStream(bytes));
        Assert.Equal(["dog/00000001.png", "dog/1.png"], zip.Entries.Select(entry => entry.FullName).Order(StringComparer.Ordinal));
        var refused = await node.GetAsync($"{Root}/out-table/versions/latest/export?format=zip", HttpStatusCode.BadRequest);
        Assert.Contains("zip holds images", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_that_shares_no_code_finds_every_value_in_the_mds_shards()
    {
        using var folder = new PushFolder();
        var (lines, expected) = (new StringBuilder(), new StringBuilder());
        for (var i = 0; i < 500; i++)
        {
            var row = new Dictionary<string, object?>
            {
                ["größe"] = i % 3 == 0 ? null : i / 8.0,
                ["count"] = i % 2 == 0 ? i : -(1L << 40) - i,
                ["open"] = i % 5 == 0 ? null : i % 2 == 0,
                ["text"] = i % 7 == 0 ? null : $"a \"{i}\"\nß 😀",
            };
            lines.Append(JsonSerializer.Serialize(row)).Append('\n');
            expected.Append(JsonSerializer.Serialize(row)).Append('\n');
        }

        await node.CreateAsync("mds-table", "table");
        await node.CommitAsync("mds-table", "path=t.jsonl", lines.ToString());
        await CompareAsync("mds-table", expected.ToString());

        await node.CreateAsync("mds-pets", "image");
        await node.CommitAsync("mds-pets", "path=p.tar", Pictures.Tar(("cat/1.png", Pictures.Png(1)), ("dog/1.png", Pictures.Png(2))));
        await CompareAsync("mds-pets", string.Concat(new[] { ("cat", 1), ("dog", 2) }.Select(pet => JsonSerializer.Serialize(
            new { image = new { hex = Convert.ToHexStringLower(Pictures.Png((byte)pet.Item2)) }, label = pet.Item1 }) + "\n")));

        await node.CreateAsync("mds-tensors", "table");
        await node.CommitAsync("mds-tensors", "path=t.npy", FormatsInTests.Npy("'<f4'", "2, 2, 3", [.. Enumerable.Range(0, 12).SelectMany(i => BitConverter.GetBytes(i / 4f))]));
        await CompareAsync("mds-tensors", "{\"tensor\": [[0.0, 0.25, 0.5], [0.75, 1.0, 1.25]]}\n{\"tensor\": [[1.5, 1.75, 2.0], [2.25, 2.5, 2.75]]}\n");

        async Task CompareAsync(string dataset, string rows)
        {
            await UnpackAsync(dataset, Path.Combine(folder.Path, dataset));
            var file = Path.Combine(folder.Path, $"{dataset}.jsonl");
            await File.WriteAllTextAsync(file, rows);
            Assert.EndsWith("rows are equal\n", await Python.RunAsync(Script("read_mds.py"), Path.Combine(folder.Path, dataset), file), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Croissant_records_are_complete_and_name_every_file_with_its_digest()
    {
        await TableAsync();
        await node.CreateAsync("croissant-pets", "image");
        await node.CommitAsync("croissant-pets", "path=p.tar", Pictures.Tar(("cat/1 ä.png", Pictures.Png(1)), ("dog/1.png", Pictures.Png(2))));
        await node.CreateAsync("croissant-files", "files");
        await node.CommitAsync("croissant-files", "path=f.zip&format=zip", Pictures.Zip(("a/b.txt", "b"u8.ToArray()), ("c.txt", "c"u8.ToArray())));
        await node.CreateAsync("croissant-tensors", "table");
        await node.CommitAsync("croissant-tensors", "path=t.npy", FormatsInTests.Npy("'<f4'", "2, 2, 3", new byte[48]));
        await node.CreateAsync("croissant-lists", "text");
        await node.CommitAsync("croissant-lists", "path=a.csv&types=topics=labels", "text,topics\nrain,weather; local\n");
        using var folder = new PushFolder();
        foreach (var (dataset, says) in new[]
        {
            ("out-table", "1 files and 5 fields"), ("croissant-pets", "2 files and 2 fields"), ("croissant-files", "2 files and 2 fields"),
            ("croissant-tensors", "1 files and 1 fields"), ("croissant-lists", "1 files and 2 fields"),
        })
        {
            folder.Write("record.json", await node.Http.GetByteArrayAsync($"{Root}/{dataset}/versions/latest/export?format=croissant"));
            var output = await Python.RunAsync(
                [("ODL_TOKEN", node.Http.DefaultRequestHeaders.Authorization!.Parameter!)], [Script("check_croissant.py"), Path.Combine(folder.Path, "record.json")]);
            Assert.Equal($"{says} are as they are said to be", output.Trim());
        }
    }

    private static string Script(string name) => Path.Combine(Sources.Root, "tests/OrleansDL.Tests/Datasets/Python", name);

    private async Task UnpackAsync(string dataset, string folder)
    {
        Directory.CreateDirectory(folder);
        await using var tar = await node.Http.GetStreamAsync($"{Root}/{dataset}/versions/latest/export?format=mds");
        await TarFile.ExtractToDirectoryAsync(tar, folder, overwriteFiles: false);
    }

    private async Task<string> UploadAsync(byte[] bytes)
    {
        var begun = await node.SendAsync(HttpMethod.Post, $"{Root}/mnist/uploads", HttpStatusCode.Created, DatasetNode.Json(new { bytes = bytes.Length }));
        var url = $"{Root}/mnist/uploads/{begun.GetProperty("id").GetString()}";
        await node.SendAsync(HttpMethod.Put, $"{url}?offset=0", HttpStatusCode.OK, new ByteArrayContent(bytes));
        return (await node.SendAsync(HttpMethod.Post, $"{url}/complete", HttpStatusCode.OK)).GetProperty("blob").GetString()!;
    }

    private Task<JsonElement> CommitAsync(string dataset, List<object> lines) => node.SendAsync(
        HttpMethod.Post, $"{Root}/{dataset}/uploads/commit", HttpStatusCode.Created, new StringContent(string.Join('\n', lines.Select(line => JsonSerializer.Serialize(line)))));

    private async Task TableAsync()
    {
        using var there = await node.Http.GetAsync($"{Root}/out-table");
        if (there.StatusCode == HttpStatusCode.OK)
        {
            return;
        }

        await node.CreateAsync("out-table", "table");
        await node.CommitAsync("out-table", "path=t.csv&types=zip=string", "id,score,ok,zip,text\n" + string.Concat(Enumerable.Range(0, 3000).Select(i =>
            FormattableString.Invariant($"{i},{(i % 7 == 0 ? "" : $"{i / 4.0}")},{(i % 5 == 0 ? "" : i % 2 == 0 ? "true" : "false")},{i:d5},\"a,\"\"b\"\"\n{i}\"\n"))));
    }

    private async Task<List<string>> RowsAsync(string dataset, string query = "")
    {
        var rows = new List<string>();
        string? token = null;
        do
        {
            var page = await node.GetAsync($"{Root}/{dataset}/versions/latest/rows?pageSize=500&pageToken={token}&{query}");
            rows.AddRange(page.GetProperty("items").EnumerateArray().Select(row => row.GetRawText()));
            token = page.TryGetProperty("nextPageToken", out var next) ? next.GetString() : null;
        }
        while (token is not null);
        return rows;
    }

    private static async Task<Dictionary<string, byte[]>> FilesAsync(byte[] archive)
    {
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        await using var tar = new TarReader(new MemoryStream(archive));
        while (await tar.GetNextEntryAsync(copyData: false) is { } entry)
        {
            var content = new MemoryStream();
            await entry.DataStream!.CopyToAsync(content);
            files[entry.Name] = content.ToArray();
        }

        return files;
    }
}
