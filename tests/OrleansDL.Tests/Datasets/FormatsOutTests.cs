using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Text.Json;
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

        var mds = await FilesAsync(await node.Http.GetByteArrayAsync($"{Root}/mnist/versions/latest/export?format=mds"));
        var index = JsonSerializer.Deserialize<JsonElement>(mds["index.json"]);
        var row = 0;
        foreach (var shard in index.GetProperty("shards").EnumerateArray())
        {
            var bytes = mds[shard.GetProperty("raw_data").GetProperty("basename").GetString()!];
            var samples = (int)BitConverter.ToUInt32(bytes);
            Assert.Equal(samples, shard.GetProperty("samples").GetInt32());
            for (var i = 0; i < samples; i++, row++)
            {
                var sample = bytes.AsSpan((int)BitConverter.ToUInt32(bytes, 4 + (4 * i))..(int)BitConverter.ToUInt32(bytes, 8 + (4 * i)));
                if (!sample[..784].SequenceEqual(images.AsSpan(row * 784, 784)) || BitConverter.ToInt64(sample[784..]) != labels[row])
                {
                    Assert.Fail($"Row {row} differs.");
                }
            }
        }

        Assert.Equal(70_000, row);
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

    [Fact]
    public async Task A_croissant_record_names_every_file_with_its_digest()
    {
        await TableAsync();
        var record = await node.GetAsync($"{Root}/out-table/versions/latest/export?format=croissant");
        Assert.Equal("http://mlcommons.org/croissant/1.1", record.GetProperty("conformsTo").GetString());
        foreach (var required in new[] { "@context", "@type", "name", "description", "license", "url", "creator", "datePublished", "distribution" })
        {
            Assert.True(record.TryGetProperty(required, out _), required);
        }

        var file = record.GetProperty("distribution")[0];
        Assert.Equal(64, file.GetProperty("sha256").GetString()!.Length);
        Assert.Equal(file.GetProperty("@id").GetString(), record.GetProperty("recordSet")[0].GetProperty("field")[0].GetProperty("source").GetProperty("fileObject").GetProperty("@id").GetString());
        Assert.Equal("sc:Integer", record.GetProperty("recordSet")[0].GetProperty("field")[0].GetProperty("dataType").GetString());
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
