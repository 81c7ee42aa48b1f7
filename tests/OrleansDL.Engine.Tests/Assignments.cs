using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OrleansDL.Datasets;
using OrleansDL.Datasets.Shards;
using OrleansDL.Training;

namespace OrleansDL.Tests;

/// <summary>Assignments as a worker would make them, over shards the tests write.</summary>
internal static class Assignments
{
    /// <summary>Rows as lines of fields with commas between them; an empty field is missing.</summary>
    public static RunnerAssignment Csv(string folder, TrainingSpec spec, IReadOnlyList<Column> schema, IEnumerable<string> lines, DatasetKind kind = DatasetKind.Table, long shardBytes = 1 << 16) =>
        Of(folder, spec, kind, schema, lines.Select(line => (object?[])[.. line.Split(',').Zip(schema, Cell)]), shardBytes);

    /// <summary>Rows of cells: null, long, double, bool, text, or bytes of images and tensors.</summary>
    public static RunnerAssignment Of(string folder, TrainingSpec spec, DatasetKind kind, IReadOnlyList<Column> schema, IEnumerable<object?[]> rows, long shardBytes = 1 << 16) => new()
    {
        Run = Guid.Parse("01900000-0000-7000-8000-000000000001"),
        Attempt = 1,
        Spec = spec,
        DatasetName = "data",
        DatasetVersion = 1,
        DatasetCommit = BlobId.FromHash(SHA256.HashData("commit"u8)),
        DatasetContent = BlobId.FromHash(SHA256.HashData("commit"u8)),
        DatasetKind = kind,
        Schema = schema,
        Files = [],
        Shards = Write(folder, MdsColumns.Of(kind, schema), rows, shardBytes),
    };

    private static List<RunnerShard> Write(string folder, IReadOnlyList<MdsColumn> columns, IEnumerable<object?[]> rows, long shardBytes)
    {
        Directory.CreateDirectory(folder);
        var (builder, shards) = (new MdsShardBuilder(columns, shardBytes), new List<RunnerShard>());
        foreach (var row in rows)
        {
            foreach (var column in columns)
            {
                builder.Add(Bytes(row[column.Source], column));
            }

            while (!builder.TryEnd())
            {
                Add(builder.Take());
            }
        }

        if (builder.Samples > 0)
        {
            Add(builder.Take());
        }

        return shards;

        void Add(MdsShard shard)
        {
            var name = MdsFormat.Name(shards.Count);
            File.WriteAllBytes(Path.Combine(folder, name), [.. shard.Head.Span, .. shard.Body.Span]);
            shards.Add(new RunnerShard { File = name, Blob = shard.Digest(), Bytes = shard.Bytes, Samples = shard.Samples });
        }
    }

    private static object? Cell(string text, Column column) => column.Type switch
    {
        _ when text.Length == 0 => null,
        ColumnType.Int64 => long.Parse(text, CultureInfo.InvariantCulture),
        ColumnType.Float64 => double.Parse(text, CultureInfo.InvariantCulture),
        ColumnType.Bool => bool.Parse(text),
        _ => text,
    };

    private static byte[] Bytes(object? cell, MdsColumn column) => (cell, column.IsMask) switch
    {
        (null, true) => [1],
        (_, true) => [0],
        (long number, _) => BitConverter.GetBytes(number),
        (double number, _) => BitConverter.GetBytes(number),
        (bool truth, _) => [truth ? (byte)1 : (byte)0],
        (string text, _) => Encoding.UTF8.GetBytes(text),
        (byte[] bytes, _) => bytes,
        _ => new byte[column.Size ?? 0],
    };

    public static IReadOnlyList<Column> DigitColumns { get; } =
        [.. Enumerable.Range(0, 65).Select(column => Numeric(column == 64 ? "digit" : $"p{column}", ColumnType.Int64))];

    public static RunnerAssignment Digits(string folder, TrainingSpec spec, Func<int, bool>? keep = null) =>
        Csv(folder, spec, DigitColumns, TestFolder.Digits().Where((_, row) => keep?.Invoke(row) ?? true));

    public static Column Numeric(string name, ColumnType type = ColumnType.Float64) => new() { Name = name, Type = type, Nullable = true };

    public static Column Text(string name) => new() { Name = name, Type = ColumnType.String, Nullable = true };

    public static TrainingSpec Spec(string family = "mlp") => new() { Dataset = "data", Network = new NetworkSpec { Family = family } };
}
