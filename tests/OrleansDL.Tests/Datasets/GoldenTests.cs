using System.Text;
using OrleansDL.Datasets;
using OrleansDL.Datasets.Manifests;
using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Tests.Datasets;

/// <summary>The bytes that digests are made of, as they were first written. These files are never edited: a test that fails here has found a break of every stored version.</summary>
public sealed class GoldenTests
{
    private static readonly DateTimeOffset Time = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
    private static readonly BlobId Blob = BlobId.Parse("sha256:" + new string('a', 64));

    private static readonly DatasetEntry[] Files =
    [
        new() { Path = "cat/\u00e9 \"1\".png", Blob = Blob, Bytes = 12, Rows = 1, Format = "image", Label = "cat" },
        new() { Path = "part-000001.csv", Blob = Blob, Bytes = 9007199254740000, Rows = 150, Format = "csv", Header = true },
        new() { Path = "\U0001f600.jsonl", Blob = Blob, Bytes = 0, Rows = 0, Format = "jsonl" },
    ];

    private static readonly DatasetSource Source = new()
    {
        Uri = "upload:iris.csv",
        Sha256 = Blob,
        Bytes = 2734,
        FirstRow = 0,
        Rows = 150,
        FetchedAt = Time,
    };

    [Fact]
    public async Task Manifest_nodes_and_roots_have_the_bytes_they_always_had()
    {
        var blobs = new MemoryBlobs();
        var edit = await blobs.Manifests.AddAsync(ManifestRoot.Empty, Files);
        Golden("manifest-node.jsonl", blobs[edit.Root.Nodes[0].Digest]);
        Golden("manifest-root.jsonl", blobs[edit.Digest]);
        Assert.Equal(Files, ManifestFormat.ReadEntries(Read("manifest-node.jsonl")));
        Assert.Equal(edit.Root.Nodes, ManifestFormat.ReadRoot(Read("manifest-root.jsonl")).Nodes);
    }

    [Fact]
    public async Task A_manifest_of_many_nodes_is_cut_where_it_always_was()
    {
        var edit = await new MemoryBlobs().Manifests.AddAsync(ManifestRoot.Empty, Entries.Many(20_000));
        Golden("manifest-cuts.txt", Encoding.UTF8.GetBytes(string.Concat(edit.Root.Nodes.Select(node => $"{node.Last} {node.Count} {node.Digest}\n")) + edit.Digest + "\n"));
    }

    [Fact]
    public void Commits_have_the_bytes_they_always_had()
    {
        var commit = new CommitDocument
        {
            Dataset = Guid.Parse("0190a0a0-0000-7000-8000-000000000001"),
            Parents = [Blob],
            Manifest = Blob,
            Schema = Blob,
            Statistics = Blob,
            Origins = Blob,
            Author = "developer",
            Message = "first\nrows",
            Time = Time,
            Sources = [new CommitSource { Uri = "upload:iris.csv", Sha256 = Blob, Bytes = 2734, FetchedAt = Time }],
        };
        Golden("commit.json", CommitFormat.WriteCommit(commit));
        var read = CommitFormat.ReadCommit(Read("commit.json"));
        Assert.Equal(commit with { Parents = read.Parents, Sources = read.Sources }, read);
        Assert.Equal(commit.Sources, read.Sources);
    }

    [Fact]
    public void Origins_schemas_and_statistics_have_the_bytes_they_always_had()
    {
        Golden("origins.jsonl", CommitFormat.WriteOrigins([Source, Source with { Uri = "upload:b.csv", FirstRow = 150, Rows = 2 }, Source with { FirstRow = 152, Rows = 3 }]));
        Golden("schema.json", CommitFormat.WriteSchema(DatasetKind.Table, [
            new Column { Name = "sepal length", Type = ColumnType.Float64 },
            new Column { Name = "species", Type = ColumnType.String, Nullable = true }]));
        var statistics = new ColumnStatistics[]
        {
            new() { Name = "sepal length", Type = ColumnType.Float64, Count = 150, Nulls = 0, Min = 4.3, Max = 7.9, Mean = 5.843333333333334, M2 = 102.16833333333334 },
            new() { Name = "species", Type = ColumnType.String, Count = 2, Nulls = 1, Values = new Dictionary<string, long> { ["b"] = 1, ["a"] = 1 } },
        };
        Golden("statistics.json", CommitFormat.WriteStatistics(statistics));
        Assert.Equal(CommitFormat.WriteStatistics(statistics).ToArray(), CommitFormat.WriteStatistics(CommitFormat.ReadStatistics(Read("statistics.json"))).ToArray());
    }

    [Fact]
    public void Statistics_with_sketches_have_the_bytes_they_always_had()
    {
        var numbers = new OrleansDL.Telemetry.DDSketch();
        var distinct = new OrleansDL.Telemetry.HyperLogLog();
        var rows = new RowSketch();
        for (var i = 1; i <= 20; i++)
        {
            numbers.Add(i * 0.5);
            distinct.Add(ValueHash.Of(i * 0.5));
            rows.Add(ValueHash.Of((long)(i % 7)));
        }

        var statistics = new ColumnStatistics[]
        {
            new()
            {
                Name = "x", Type = ColumnType.Float64, Count = 20, Nulls = 1, NotFinite = 2, Min = 0.5, Max = 10, Mean = 5.25, M2 = 166.25,
                Sketches = new ColumnSketches { Distinct = distinct.ToBytes(), Numbers = numbers.ToBytes(), Top = new Dictionary<string, long> { ["0.5"] = 1 }, TopError = 3 },
            },
            new() { Name = "image", Type = ColumnType.Image, Count = 2, Nulls = 0, Channels = [new ChannelStatistics { Count = 2, Min = 0, Max = 1, Mean = 0.5, M2 = 0.5 }] },
        };
        Golden("statistics-sketches.json", CommitFormat.WriteStatistics(statistics, new Dictionary<string, RowSketch> { [""] = rows, ["test"] = rows }));
        var stored = Read("statistics-sketches.json");
        Assert.Equal(Encoding.UTF8.GetString(stored.Span), Encoding.UTF8.GetString(CommitFormat.WriteStatistics(CommitFormat.ReadStatistics(stored), CommitFormat.ReadRowSketches(stored)).Span));
    }

    [Theory]
    [InlineData(0x0000000000000000, "0")]
    [InlineData(0x8000000000000000, "0")]
    [InlineData(0x0000000000000001, "5e-324")]
    [InlineData(0x7fefffffffffffff, "1.7976931348623157e+308")]
    [InlineData(0xffefffffffffffff, "-1.7976931348623157e+308")]
    [InlineData(0x4340000000000000, "9007199254740992")]
    [InlineData(0x4430000000000000, "295147905179352830000")]
    [InlineData(0x44b52d02c7e14af5, "9.999999999999997e+22")]
    [InlineData(0x44b52d02c7e14af6, "1e+23")]
    [InlineData(0x444b1ae4d6e2ef4e, "999999999999999700000")]
    [InlineData(0x444b1ae4d6e2ef50, "1e+21")]
    [InlineData(0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7")]
    [InlineData(0x3eb0c6f7a0b5ed8d, "0.000001")]
    [InlineData(0x41b3de4355555554, "333333333.33333325")]
    [InlineData(0xbecbf647612f3696, "-0.0000033333333333333333")]
    public void Numbers_are_spelt_as_rfc_8785_says(ulong bits, string text) =>
        Assert.Equal(text, CanonicalJsonWriter.Number(BitConverter.UInt64BitsToDouble(bits)));

    private static void Golden(string name, ReadOnlyMemory<byte> bytes) =>
        Assert.Equal(Encoding.UTF8.GetString(Read(name).Span), Encoding.UTF8.GetString(bytes.Span));

    private static ReadOnlyMemory<byte> Read(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Golden", "datasets", name));
}
