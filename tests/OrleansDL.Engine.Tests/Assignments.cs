using System.Security.Cryptography;
using System.Text;
using OrleansDL.Datasets;
using OrleansDL.Training;

namespace OrleansDL.Tests;

/// <summary>Assignments as a worker would make them, over files the tests write.</summary>
internal static class Assignments
{
    public static RunnerAssignment Csv(string folder, TrainingSpec spec, IReadOnlyList<Column> schema, IEnumerable<string> lines, bool header = false, DatasetKind kind = DatasetKind.Table)
    {
        Directory.CreateDirectory(folder);
        var bytes = Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n");
        File.WriteAllBytes(Path.Combine(folder, "data.csv"), bytes);
        return Of(spec, kind, schema, new DatasetEntry
        {
            Path = "data.csv",
            Blob = BlobId.FromHash(SHA256.HashData(bytes)),
            Bytes = bytes.Length,
            Rows = lines.Count(),
            Format = "csv",
            Header = header,
        });
    }

    public static RunnerAssignment Of(TrainingSpec spec, DatasetKind kind, IReadOnlyList<Column> schema, params DatasetEntry[] files) => new()
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
        Files = files,
    };

    public static IReadOnlyList<Column> DigitColumns { get; } =
        [.. Enumerable.Range(0, 65).Select(column => Numeric(column == 64 ? "digit" : $"p{column}", ColumnType.Int64))];

    public static RunnerAssignment Digits(string folder, TrainingSpec spec, Func<int, bool>? keep = null) =>
        Csv(folder, spec, DigitColumns, TestFolder.Digits().Where((_, row) => keep?.Invoke(row) ?? true));

    public static Column Numeric(string name, ColumnType type = ColumnType.Float64) => new() { Name = name, Type = type };

    public static Column Text(string name) => new() { Name = name, Type = ColumnType.String };

    public static TrainingSpec Spec(string family = "mlp") => new() { Dataset = "data", Network = new NetworkSpec { Family = family } };
}
