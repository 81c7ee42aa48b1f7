using System.Runtime.CompilerServices;
using System.Text;
using Apache.Arrow;
using Apache.Arrow.Types;
using OrleansDL.Datasets;
using OrleansDL.Datasets.Shards;

namespace OrleansDL.Tests.Datasets.Shards;

public sealed class MdsTests
{
    private static readonly OrleansDL.Datasets.Column[] Schema =
    [
        new() { Name = "size", Type = ColumnType.Float64, Nullable = true },
        new() { Name = "count", Type = ColumnType.Int64 },
        new() { Name = "größe \"x\"", Type = ColumnType.String, Nullable = true },
        new() { Name = "open", Type = ColumnType.Bool },
        new() { Name = "size.null", Type = ColumnType.Bool },
        new() { Name = "pixels", Type = ColumnType.Tensor, Tensor = "uint8[2,2]" },
        new() { Name = "image", Type = ColumnType.Image },
    ];

    [Fact]
    public async Task A_shard_and_its_index_have_the_bytes_that_Pythons_writer_gives()
    {
        var columns = MdsColumns.Of(DatasetKind.Table, Schema);
        Assert.Equal(["count", "größe \"x\"", "größe \"x\".null", "image", "open", "pixels", "size", "size.null", "size.null.null"], columns.Select(column => column.Name));
        var shards = await WriteAsync(columns, MdsFormat.SizeLimit, Rows(3));
        var shard = Assert.Single(shards);
        var entry = new MdsIndexEntry { Name = MdsFormat.Name(0), Blob = shard.Shard.Digest(), Bytes = shard.Bytes.Length, Samples = 3, Encodings = shard.Shard.Encodings };
        Golden("shard.00000.mds", shard.Bytes);
        Golden("index.json", Encoding.ASCII.GetBytes(MdsFormat.Index(columns, [entry])));
    }

    [Fact]
    public async Task A_shard_ends_before_it_would_be_too_large_and_the_rows_batches_do_not_matter()
    {
        var columns = MdsColumns.Of(DatasetKind.Table, Schema);
        var whole = await WriteAsync(columns, 1200, Rows(20));
        var split = await WriteAsync(columns, 1200, [.. Enumerable.Range(0, 20).SelectMany(row => Rows(1, row))]);
        Assert.Equal(20, whole.Sum(shard => shard.Shard.Samples));
        Assert.InRange(whole.Count, 2, 10);
        Assert.All(whole, shard => Assert.InRange(shard.Bytes.Length, 1, 1200));
        Assert.Equal(whole.Select(shard => shard.Bytes), split.Select(shard => shard.Bytes));
    }

    [Theory]
    [InlineData("uint8[28,28]", 784)]
    [InlineData("float32[3]", 12)]
    [InlineData("float32[0]", null)]
    [InlineData("uint8[]", null)]
    [InlineData("uint4[2]", null)]
    [InlineData("int64[2147483647,2]", null)]
    [InlineData("uint8[65536,65536,65536,65536]", null)]
    public void A_tensor_type_is_read_or_refused(string text, int? bytes)
    {
        if (bytes is null)
        {
            Assert.Throws<InvalidException>(() => TensorShape.Parse(text));
            return;
        }

        Assert.Equal(bytes, TensorShape.Parse(text).Bytes);
        Assert.Equal(text, TensorShape.Parse(text).ToString());
    }

    private static List<RecordBatch> Rows(int count, int first = 0)
    {
        var (size, number, text, open, none, pixels, image) = (new DoubleArray.Builder(), new Int64Array.Builder(), new StringArray.Builder(),
            new BooleanArray.Builder(), new BooleanArray.Builder(), new BinaryArray.Builder(), new BinaryArray.Builder());
        for (var row = first; row < first + count; row++)
        {
            _ = row % 3 == 1 ? size.AppendNull() : size.Append(row / 4.0);
            number.Append(-row);
            _ = row % 2 == 1 ? text.AppendNull() : text.Append($"r\u00f6w {row}");
            open.Append(row % 2 == 0);
            none.Append(false);
            pixels.Append([(byte)row, 1, 2, 3]);
            image.Append([0xFF, 0xD8, .. new byte[row]]);
        }

        var fields = Schema.Zip<OrleansDL.Datasets.Column, IArrowType, Field>(
            [DoubleType.Default, Int64Type.Default, StringType.Default, BooleanType.Default, BooleanType.Default, BinaryType.Default, BinaryType.Default],
            (column, type) => new Field(column.Name, type, nullable: true));
        return [new RecordBatch(new Schema(fields, null), [size.Build(), number.Build(), text.Build(), open.Build(), none.Build(), pixels.Build(), image.Build()], count)];
    }

    private static async Task<List<(MdsShard Shard, byte[] Bytes)>> WriteAsync(IReadOnlyList<MdsColumn> columns, long limit, List<RecordBatch> batches)
    {
        var shards = new List<(MdsShard, byte[])>();
        await foreach (var shard in new MdsWriter(columns, limit).WriteAsync(Schema, batches.ToAsyncEnumerable()))
        {
            using var bytes = new MemoryStream();
            await shard.WriteAsync(bytes, default);
            shards.Add((shard, bytes.ToArray()));
        }

        return shards;
    }

    private static void Golden(string name, byte[] bytes, [CallerFilePath] string test = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(test)!, "../../Golden/datasets/mds", name);
        if (Environment.GetEnvironmentVariable("ODL_WRITE_GOLDEN") == "1" && !File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
        }

        Assert.Equal(File.ReadAllBytes(path), bytes);
    }
}
