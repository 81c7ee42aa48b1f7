using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using Parquet;
using Parquet.Schema;
using Field = Apache.Arrow.Field;

namespace OrleansDL.Tests.Datasets;

public sealed class FormatsInTests(DatasetNode node) : IClassFixture<DatasetNode>
{
    private const string Root = DatasetNode.Root;

    [Fact]
    public async Task A_parquet_file_comes_in_by_its_magic_with_types_nulls_and_row_groups()
    {
        var file = await ParquetAsync(10_000, groups: 3);
        await node.CreateAsync("parquet", "table");
        var version = await node.CommitAsync("parquet", "", file);
        Assert.Equal((30_000, "id:int64,score:float64?,name:string?,ok:bool,day:string"), (version.GetProperty("rows").GetInt32(), Schema(version)));
        var rows = await RowsAsync("parquet", 10_000, 2);
        Assert.Equal("{\"id\":10000,\"score\":5000,\"name\":null,\"ok\":true,\"day\":\"2026-01-02T03:04:05\"}", Shape(rows[0]));
        Assert.Equal(10_001, rows[1].GetProperty("id").GetInt64());
        var files = await node.GetAsync($"{Root}/parquet/versions/latest/files");
        Assert.Equal(("part-000001.parquet", "parquet"), (files.GetProperty("items")[0].GetProperty("path").GetString(), files.GetProperty("items")[0].GetProperty("format").GetString()));
    }

    [Fact]
    public async Task Members_of_parquet_structs_come_in_as_columns_and_a_picture_with_its_path_as_one()
    {
        var (x, name) = (new DataField<double>("x"), new DataField<string>("name"));
        var (picture, path) = (new DataField<byte[]>("bytes"), new DataField<string>("path"));
        var schema = new ParquetSchema(new StructField("at", x, new StructField("in", name)), new StructField("image", picture, path));
        var bytes = new MemoryStream();
        await using (var writer = await ParquetWriter.CreateAsync(schema, bytes))
        {
            // Levels say how much of the way to a value is there: row 1 has no struct, row 2 no name in it.
            using var group = writer.CreateRowGroup();
            await group.WriteAllPartsAsync<double>(x, new[] { 1.5, 3.5, 4.5 }, new[] { x.MaxDefinitionLevel, 0, x.MaxDefinitionLevel, x.MaxDefinitionLevel }, null, CancellationToken.None);
            await group.WriteAllPartsAsync<ReadOnlyMemory<char>>(name, new[] { "a".AsMemory(), "b".AsMemory() }, new[] { name.MaxDefinitionLevel, 0, name.MaxDefinitionLevel - 1, name.MaxDefinitionLevel }, null, CancellationToken.None);
            await group.WriteAllPartsAsync<ReadOnlyMemory<byte>>(
                picture, new ReadOnlyMemory<byte>[] { Pictures.Png(1), Pictures.Png(2) }, new[] { picture.MaxDefinitionLevel, 0, picture.MaxDefinitionLevel, 1 }, null, CancellationToken.None);
            await group.WriteAllPartsAsync<ReadOnlyMemory<char>>(path, new[] { "1.png".AsMemory() }, new[] { path.MaxDefinitionLevel, 0, 0, 0 }, null, CancellationToken.None);
        }

        await node.CreateAsync("structs", "table");
        var version = await node.CommitAsync("structs", "", bytes.ToArray());
        Assert.Equal((4, "at.x:float64?,at.in.name:string?,image:image?"), (version.GetProperty("rows").GetInt32(), Schema(version)));
        var rows = await RowsAsync("structs", 0, 4);
        Assert.Equal([1.5, null, 3.5, 4.5], rows.Select(row => row.GetProperty("at.x") is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : (double?)null));
        Assert.Equal(["a", null, null, "b"], rows.Select(row => row.GetProperty("at.in.name").GetString()));
        await node.Http.GetByteArrayAsync($"{Root}/structs/versions/latest/rows/2/thumbnail?column=image");
        await node.GetAsync($"{Root}/structs/versions/latest/rows/1/thumbnail?column=image", HttpStatusCode.NotFound);

        // A list of structs has no place in a row.
        var listed = new MemoryStream();
        var member = new DataField<int>("m");
        await using (var writer = await ParquetWriter.CreateAsync(new ParquetSchema(new ListField("parts", new StructField("element", member))), listed))
        {
            using var group = writer.CreateRowGroup();
            await group.WriteAllPartsAsync<int>(member, new[] { 1 }, new[] { member.MaxDefinitionLevel }, new[] { 0 }, CancellationToken.None);
        }

        var refused = await node.CommitAsync("structs", "path=l.parquet", listed.ToArray(), HttpStatusCode.BadRequest);
        Assert.Contains("'parts' is a map, or a list of something else", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);

        // A schema that is as deep as the stack: each column the child of the one before.
        byte[] footer = [0x15, 2, 0x19, 0xFC, 0xFF, 0xFF, 0x03, .. Enumerable.Repeat<byte[]>([0x48, 1, (byte)'a', 0x15, 2, 0], 65_535).SelectMany(column => column), 0x16, 0, 0x19, 0x0C, 0];
        byte[] deep = [.. "PAR1"u8, .. footer, .. BitConverter.GetBytes(footer.Length), .. "PAR1"u8];
        refused = await node.CommitAsync("structs", "path=d.parquet", deep, HttpStatusCode.BadRequest);
        Assert.Contains("nested deeper than 64 levels", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_of_a_parquet_file_come_in_as_json_or_as_labels()
    {
        var (tags, sizes) = (new ListField("tags", new DataField<string>("element")), new ListField("sizes", new DataField<double>("element")));
        var (tag, size) = ((DataField)tags.Item, (DataField)sizes.Item);
        var bytes = new MemoryStream();
        await using (var writer = await ParquetWriter.CreateAsync(new ParquetSchema(tags, sizes), bytes))
        {
            // Two items, an empty list, no list, and one item; of the numbers all have one, infinity among them.
            using var group = writer.CreateRowGroup();
            int there = tag.MaxDefinitionLevel, empty = there - (tag.IsNullable ? 2 : 1);
            await group.WriteAllPartsAsync<ReadOnlyMemory<char>>(
                tag, new[] { "grün".AsMemory(), "b".AsMemory(), "c".AsMemory() }, new[] { there, there, empty, empty - 1, there }, new[] { 0, 1, 0, 0, 0 }, CancellationToken.None);
            await group.WriteAllPartsAsync<double>(
                size, new[] { 1.5, double.PositiveInfinity, 3, 4 }, Enumerable.Repeat(size.MaxDefinitionLevel, 4).ToArray(), new[] { 0, 0, 0, 0 }, CancellationToken.None);
        }

        await node.CreateAsync("lists", "table");
        var version = await node.CommitAsync("lists", "path=l.parquet", bytes.ToArray());
        Assert.Equal((4, "tags:string?,sizes:string"), (version.GetProperty("rows").GetInt32(), Schema(version)));
        var rows = await RowsAsync("lists", 0, 4);
        Assert.Equal(["[\"grün\",\"b\"]", "[]", null, "[\"c\"]"], rows.Select(row => row.GetProperty("tags").GetString()));
        Assert.Equal(["[1.5]", "[null]", "[3]", "[4]"], rows.Select(row => row.GetProperty("sizes").GetString()));

        await node.CreateAsync("listed-labels", "table");
        await node.CommitAsync("listed-labels", "path=l.parquet&types=tags=labels", bytes.ToArray());
        Assert.Equal(["grün;b", "", null, "c"], (await RowsAsync("listed-labels", 0, 4)).Select(row => row.GetProperty("tags").GetString()));
        var labels = await node.GetAsync($"{Root}/listed-labels/versions/latest/labels?column=tags");
        Assert.Equal(["b", "c", "grün"], labels.GetProperty("labels").EnumerateArray().Select(label => label.GetString()));
        var refused = await node.CommitAsync("lists", "path=m.parquet&types=sizes=labels", bytes.ToArray(), HttpStatusCode.BadRequest);
        Assert.Contains("labels are texts", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Arrow_files_and_streams_come_in(bool asFile)
    {
        var name = asFile ? "arrow-file" : "arrow-stream";
        var schema = new Schema(
            [
                new Field("n", Int32Type.Default, true), new Field("x", FloatType.Default, true), new Field("t", StringType.Default, true),
                new Field("v", new FixedSizeListType(new Field("item", UInt8Type.Default, false), 3), false),
            ],
            null);
        var bytes = new MemoryStream();
        using (var writer = asFile ? new ArrowFileWriter(bytes, schema, leaveOpen: true) : new ArrowStreamWriter(bytes, schema, leaveOpen: true))
        {
            for (var b = 0; b < 3; b++)
            {
                var lists = new FixedSizeListArray.Builder(new Field("item", UInt8Type.Default, false), 3);
                var (n, x, t, v) = (new Int32Array.Builder(), new FloatArray.Builder(), new StringArray.Builder(), (UInt8Array.Builder)lists.ValueBuilder);
                for (var i = 0; i < 100; i++)
                {
                    n.Append((b * 100) + i);
                    x.Append(i == 7 ? float.NaN : i / 2f);
                    t.Append($"é{i}");
                    lists.Append();
                    v.Append(1).Append(2).Append((byte)i);
                }

                writer.WriteRecordBatch(new RecordBatch(schema, [n.Build(), x.Build(), t.Build(), lists.Build()], 100));
            }

            writer.WriteEnd();
        }

        await node.CreateAsync(name, "table");
        var version = await node.CommitAsync(name, $"path=x/{name}.bin", bytes.ToArray());
        Assert.Equal((300, "n:int64,x:float64?,t:string,v:uint8[3]"), (version.GetProperty("rows").GetInt32(), Schema(version)));
        var row = (await RowsAsync(name, 207, 1))[0];
        Assert.Equal((207, JsonValueKind.Null, "é7"), (row.GetProperty("n").GetInt32(), row.GetProperty("x").ValueKind, row.GetProperty("t").GetString()));
    }

    [Fact]
    public async Task Numpy_arrays_come_in_as_columns_records_and_tensors()
    {
        await node.CreateAsync("npy-flat", "table");
        var flat = await node.CommitAsync("npy-flat", "", Npy("'<f4'", "3, 2", [.. new float[] { 1, 2, 3.5f, 4, float.NaN, 6 }.SelectMany(BitConverter.GetBytes)]));
        Assert.Equal((3, "c0:float64?,c1:float64"), (flat.GetProperty("rows").GetInt32(), Schema(flat)));
        Assert.EndsWith("{\"c0\":null,\"c1\":6.0}\n", await node.Http.GetStringAsync($"{DatasetNode.Root}/npy-flat/versions/latest/export?format=jsonl"), StringComparison.Ordinal);
        Assert.EndsWith(",6.0\n", await node.Http.GetStringAsync($"{DatasetNode.Root}/npy-flat/versions/latest/export?format=csv"), StringComparison.Ordinal);

        await node.CreateAsync("npy-records", "table");
        var record = new List<byte>();
        foreach (var (id, text) in new[] { (1, "é"), (-2, "ab") })
        {
            var bytes = new byte[4 + 8];
            BinaryPrimitives.WriteInt32BigEndian(bytes, id);
            Encoding.UTF32.GetBytes(text).CopyTo(bytes, 4);
            record.AddRange([.. bytes, 1, 2]);
        }

        var records = await node.CommitAsync("npy-records", "", Npy("[('id', '>i4'), ('t', '<U2'), ('p', '|u1', (2,))]", "2,", [.. record]));
        Assert.Equal((2, "id:int64,t:string,p:uint8[2]"), (records.GetProperty("rows").GetInt32(), Schema(records)));
        Assert.Equal((-2, "ab"), ((await RowsAsync("npy-records", 1, 1))[0].GetProperty("id").GetInt32(), (await RowsAsync("npy-records", 1, 1))[0].GetProperty("t").GetString()));

        await node.CreateAsync("npy-tensor", "image");
        var tensor = await node.CommitAsync("npy-tensor", "", Npy("'|u1'", "2, 4, 5", new byte[40]));
        Assert.Equal((2, "tensor:uint8[4,5]"), (tensor.GetProperty("rows").GetInt32(), Schema(tensor)));
    }

    [Fact]
    public async Task Web_datasets_group_files_by_key()
    {
        (string, byte[])[] files =
        [
            ("a/1.jpg", Pictures.Png(1)), ("a/1.cls", "3\n"u8.ToArray()), ("a/1.txt", "one"u8.ToArray()),
            ("a/2.jpg", Pictures.Png(2)), ("a/2.cls", "12"u8.ToArray()),
            ("b/1.json", "{\"x\":1}"u8.ToArray()), ("b/1.jpg", Pictures.Png(3)),
        ];
        await node.CreateAsync("web", "table");
        var version = await node.CommitAsync("web", "path=web.tar", Pictures.Tar(files));
        Assert.Equal((3, "key:string,image:image,label:int64?,txt:string?,json:string?"), (version.GetProperty("rows").GetInt32(), Schema(version)));
        var rows = await RowsAsync("web", 1, 2);
        Assert.Equal(("a/2", 12, "b/1", "{\"x\":1}"), (
            rows[0].GetProperty("key").GetString(), rows[0].GetProperty("label").GetInt32(), rows[1].GetProperty("key").GetString(), rows[1].GetProperty("json").GetString()));
        var problem = await node.CommitAsync("web", "path=w.tar", Pictures.Tar(("1.mp4", [1])), HttpStatusCode.BadRequest);
        Assert.Contains("'.mp4'", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tab_separated_and_packed_files_come_in_and_types_can_be_said()
    {
        await node.CreateAsync("typed", "table");
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true))
        {
            gzip.Write("zip\tage\tnote\n01234\t3\t\"a\tb\"\n"u8);
        }

        var version = await node.CommitAsync("typed", "path=t.tsv.gz&types=zip=label,age=float64", packed.ToArray());
        Assert.Equal("zip:string,age:float64,note:string", Schema(version));
        Assert.Equal("t.tsv", (await node.GetAsync($"{Root}/typed/versions/latest/files")).GetProperty("items")[0].GetProperty("path").GetString());
        Assert.Equal(("01234", "a\tb"), ((await RowsAsync("typed", 0, 1))[0].GetProperty("zip").GetString(), (await RowsAsync("typed", 0, 1))[0].GetProperty("note").GetString()));

        await node.CommitAsync("typed", "path=more.jsonl&types=zip=string", "{\"zip\":7,\"age\":1,\"note\":\"x\"}\n");
        Assert.Equal("7", (await RowsAsync("typed", 0, 1))[0].GetProperty("zip").GetString());
        var unknown = await node.CommitAsync("typed", "path=u.csv&types=zap=string", "zip,age,note\n1,1,1\n", HttpStatusCode.BadRequest);
        Assert.Contains("types names columns that the file does not have: zap", unknown.GetProperty("detail").GetString(), StringComparison.Ordinal);
        var cut = await node.CommitAsync("typed", "path=t.tsv.gz", packed.ToArray()[..^9], HttpStatusCode.BadRequest);
        Assert.Contains("t.tsv.gz", cut.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_schema_gains_nullable_columns_by_name_and_refuses_the_rest_with_all_reasons()
    {
        await node.CreateAsync("grows", "table");
        await node.CommitAsync("grows", "path=1.csv", "a,b\n1,x\n");
        var grown = await node.CommitAsync("grows", "path=2.csv", "c,b,a\ntrue,y,2.5\n");
        Assert.Equal("a:float64,b:string,c:bool?", Schema(grown));
        Assert.Equal(["{\"a\":1,\"b\":\"x\",\"c\":null}", "{\"a\":2.5,\"b\":\"y\",\"c\":true}"], (await RowsAsync("grows", 0, 2)).Select(Shape));
        var statistics = (await node.GetAsync($"{Root}/grows/versions/latest/statistics")).GetProperty("items")[2];
        Assert.Equal((1, 1), (statistics.GetProperty("count").GetInt32(), statistics.GetProperty("nulls").GetInt32()));

        var refused = await node.CommitAsync("grows", "path=3.csv&types=b=string,c=string", "b,c\n1,x\n", HttpStatusCode.BadRequest);
        Assert.Contains("column 'a' is missing; column 'c' is string and was bool", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await node.CommitAsync("grows", "path=4.csv", "a,b\n3,z\n");
    }

    [Theory]
    [InlineData(CompressionCodecType.Lz4Frame)]
    [InlineData(CompressionCodecType.Zstd)]
    public async Task Packed_arrow_batches_come_in_and_lie_about_their_size_in_vain(CompressionCodecType codec)
    {
        var schema = new Schema([new Field("n", Int64Type.Default, true), new Field("t", StringType.Default, true)], null);
        var numbers = new Int64Array.Builder();
        var texts = new StringArray.Builder();
        for (var i = 0; i < 5000; i++)
        {
            numbers.Append(i % 10);
            texts.Append($"text-{i % 7}");
        }

        var bytes = new MemoryStream();
        using (var writer = new ArrowFileWriter(
            bytes, schema, leaveOpen: true, new IpcOptions { CompressionCodec = codec, CompressionCodecFactory = new Apache.Arrow.Compression.CompressionCodecFactory() }))
        {
            await writer.WriteRecordBatchAsync(new RecordBatch(schema, [numbers.Build(), texts.Build()], 5000));
            await writer.WriteEndAsync();
        }

        var name = $"packed-{codec}";
        await node.CreateAsync(name, "table");
        var version = await node.CommitAsync(name, "path=a.arrow", bytes.ToArray());
        Assert.Equal((5000, "n:int64,t:string"), (version.GetProperty("rows").GetInt32(), Schema(version)));
        Assert.Equal("{\"n\":9,\"t\":\"text-1\"}", Shape((await RowsAsync(name, 4999, 1))[0]));

        // Each packed buffer begins with the length it is said to have: 40,000 bytes of numbers.
        var lies = bytes.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(lies.AsSpan(lies.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x40, 0x9C, 0, 0, 0, 0, 0, 0])), int.MaxValue);
        var problem = await node.CommitAsync(name, "path=b.arrow", lies, HttpStatusCode.BadRequest);
        Assert.Contains("bytes; at most", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_schema_that_is_nested_too_deep_is_refused()
    {
        IArrowType type = Int64Type.Default;
        for (var depth = 0; depth < 100; depth++)
        {
            type = new ListType(new Field("item", type, true));
        }

        var bytes = new MemoryStream();
        using (var writer = new ArrowStreamWriter(bytes, new Schema([new Field("deep", type, true)], null), leaveOpen: true))
        {
            await writer.WriteStartAsync();
            await writer.WriteEndAsync();
        }

        await node.CreateAsync("deep", "table");
        var problem = await node.CommitAsync("deep", "path=a.arrow", bytes.ToArray(), HttpStatusCode.BadRequest);
        Assert.Contains("nested deeper than 64 levels", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damaged_and_hostile_files_are_refused_naming_the_file()
    {
        await node.CreateAsync("hostile", "table");
        var parquet = await ParquetAsync(50, groups: 1);
        var npy = Npy("'<i8'", "2,", new byte[16]);
        var lies = (byte[])parquet.Clone();
        BinaryPrimitives.WriteInt32LittleEndian(lies.AsSpan(lies.Length - 8), int.MaxValue);
        (string Path, byte[] Bytes)[] cases =
        [
            ("a.parquet", parquet[..^5]), ("b.parquet", lies), ("c.parquet", [.. "PAR1"u8, .. new byte[40], .. "PAR1"u8]), ("d.parquet", "not"u8.ToArray()),
            ("e.arrow", "ARROW1\0\0garbage"u8.ToArray()), ("f.arrow", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]), ("g.npy", npy[..^1]),
            ("h.npy", Npy("'|O'", "2,", new byte[16])), ("i.npy", Npy("'<i8'", "99999999999999, 99999", new byte[16])), ("j.npy", Npy("[('a','<i8'),('b',[('c','<i4')])]", "1,", new byte[12])),
            ("k-idx1-ubyte", [0, 0, 8, 1, 0xFF, 0xFF, 0xFF, 0xFF, 1]), ("l-idx3-ubyte", [0, 0, 8, 3, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
            ("m.tar", Pictures.Tar(("1.jpg", Pictures.Png(1)))[..1100]), ("n.tar", Pictures.Tar(("1.jpg", "no image"u8.ToArray()))), ("o.tar", Pictures.Tar(("x", [1]))),
        ];
        foreach (var (path, bytes) in cases)
        {
            var problem = await node.CommitAsync("hostile", $"path={path}", bytes, HttpStatusCode.BadRequest);
            Assert.True(problem.GetProperty("detail").GetString()!.StartsWith($"'{path}'", StringComparison.Ordinal), $"{path}: {problem.GetProperty("detail").GetString()}");
        }

        // Every byte of a small file turned over: read or refused, never an error of ours.
        var random = new Random(1);
        foreach (var source in new[] { parquet, npy, Pictures.Tar(("1.txt", "a"u8.ToArray())) })
        {
            for (var i = 0; i < 60; i++)
            {
                var turned = (byte[])source.Clone();
                turned[random.Next(turned.Length)] ^= (byte)(1 << random.Next(8));
                using var answer = await node.Http.PostAsync($"{Root}/hostile/commits?path=turned-{i}&mode=replace", new ByteArrayContent(turned));
                Assert.True(answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.OK or HttpStatusCode.BadRequest, await answer.Content.ReadAsStringAsync());
            }
        }
    }

    private static string Schema(JsonElement version) => string.Join(',', version.GetProperty("schema").EnumerateArray().Select(column =>
        $"{column.GetProperty("name").GetString()}:{(column.TryGetProperty("tensor", out var tensor) && tensor.ValueKind == JsonValueKind.String ? tensor : column.GetProperty("type")).GetString()}"
        + (column.TryGetProperty("nullable", out var nullable) && nullable.GetBoolean() ? "?" : "")));

    private static string Shape(JsonElement row) => row.GetRawText().Replace(" ", "", StringComparison.Ordinal);

    private async Task<List<JsonElement>> RowsAsync(string dataset, int first, int count)
    {
        var rows = new List<JsonElement>();
        string? token = null;
        while (rows.Count < first + count)
        {
            var page = await node.GetAsync($"{Root}/{dataset}/versions/latest/rows?pageSize=1000&pageToken={token}");
            rows.AddRange(page.GetProperty("items").EnumerateArray());
            if (!page.TryGetProperty("nextPageToken", out var next))
            {
                break;
            }

            token = next.GetString();
        }

        return rows.GetRange(first, count);
    }

    internal static byte[] Npy(string descr, string shape, byte[] data)
    {
        var header = $"{{'descr': {descr}, 'fortran_order': False, 'shape': ({shape}), }}";
        header = header.PadRight(((header.Length + 11 + 63) / 64 * 64) - 11) + "\n";
        return [0x93, .. "NUMPY\u0001\0"u8, (byte)header.Length, (byte)(header.Length >> 8), .. Encoding.ASCII.GetBytes(header), .. data];
    }

    private static async Task<byte[]> ParquetAsync(int rows, int groups)
    {
        var (id, score, name, ok, day) = (new DataField<int>("id"), new DataField<double>("score", true), new DataField<string>("name"), new DataField<bool>("ok"), new DataField<DateTime>("day"));
        var bytes = new MemoryStream();
        await using (var writer = await ParquetWriter.CreateAsync(new ParquetSchema(id, score, name, ok, day), bytes))
        {
            for (var g = 0; g < groups; g++)
            {
                using var group = writer.CreateRowGroup();
                var ids = Enumerable.Range(g * rows, rows).ToArray();
                await group.WriteAsync<int>(id, ids.AsMemory());
                await group.WriteAsync<double>(score, ids.Select(i => i % 7 == 3 ? (double?)null : i / 2.0).ToArray().AsMemory());
                await group.WriteAsync(name, ids.Select(i => i % 5 == 0 ? null : i.ToString(CultureInfo.InvariantCulture)).ToArray()!);
                await group.WriteAsync<bool>(ok, ids.Select(i => i % 2 == 0).ToArray().AsMemory());
                await group.WriteAsync<DateTime>(day, ids.Select(_ => new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc)).ToArray().AsMemory());
            }
        }

        return bytes.ToArray();
    }
}
