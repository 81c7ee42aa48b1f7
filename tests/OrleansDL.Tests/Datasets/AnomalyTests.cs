using System.Globalization;
using System.Text;
using OrleansDL.Datasets;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Statistics;
using OrleansDL.Datasets.Validation;

namespace OrleansDL.Tests.Datasets;

/// <summary>Every anomaly where it is, and its absence where it is not.</summary>
public sealed class AnomalyTests
{
    [Fact]
    public async Task More_rows_of_the_same_kind_are_not_odd() =>
        Assert.Empty((await FindAsync(Rows(2000, seed: 1), Rows(1000, seed: 2))).Anomalies);

    [Fact]
    public async Task Numbers_that_drift_are_found_at_a_third_of_a_standard_deviation_and_small_uploads_are_not_judged()
    {
        var drift = Single(await FindAsync(Rows(2000, 1), Rows(1000, 2, shift: 0.3)), AnomalyKind.Drift);
        Assert.Equal(("c0", true), (drift.Column, drift.Value > drift.Limit));
        Assert.Contains("population stability index", drift.Message, StringComparison.Ordinal);
        Assert.Equal(AnomalySeverity.Warning, Single(await FindAsync(Rows(2000, 1), Rows(1000, 2, shift: 1)), AnomalyKind.Drift).Severity);
        None(await FindAsync(Rows(2000, 1), Rows(90, 2, shift: 1)), AnomalyKind.Drift);
        Assert.Equal(AnomalySeverity.Warning, Single(await FindAsync(Rows(2000, 1), Rows(150, 2, shift: 1)), AnomalyKind.Drift).Severity);
        None(await FindAsync(Rows(2000, 1), Rows(150, 2)), AnomalyKind.Drift);
    }

    [Fact]
    public async Task Labels_that_are_shared_out_otherwise_are_found()
    {
        var skew = Single(await FindAsync(Labels(500, 500), Labels(400, 100)), AnomalyKind.LabelSkew);
        Assert.Contains("80% now, 50% before", skew.Message, StringComparison.Ordinal);
        None(await FindAsync(Labels(500, 500), Labels(255, 245)), AnomalyKind.LabelSkew);
    }

    [Fact]
    public async Task Values_the_parent_does_not_have_are_found_where_values_are_categories()
    {
        var unseen = Single(await FindAsync(Labels(50, 50), Labels(40, 40) + "maybe\n"), AnomalyKind.UnseenCategory);
        Assert.Equal((AnomalySeverity.Warning, 1.0 / 81), (unseen.Severity, unseen.Value!.Value));
        Assert.Equal(AnomalySeverity.Info, Single(await FindAsync(Labels(50, 50), Labels(400, 400) + "maybe\n"), AnomalyKind.UnseenCategory).Severity);
        None(await FindAsync(Labels(50, 50), Labels(40, 40)), AnomalyKind.UnseenCategory);
        None(await FindAsync(Texts(200, 4), Texts(200, 4, seed: 9)), AnomalyKind.UnseenCategory);
    }

    [Fact]
    public async Task Nulls_beyond_chance_are_found()
    {
        var nulls = Single(await FindAsync(Nulls(1000, 50), Nulls(1000, 80)), AnomalyKind.NullRate);
        Assert.Equal((0.08, 0.05 + (3 * Math.Sqrt(0.05 * 0.95 / 1000))), (nulls.Value!.Value, nulls.Limit!.Value));
        None(await FindAsync(Nulls(1000, 50), Nulls(1000, 70)), AnomalyKind.NullRate);
    }

    [Fact]
    public async Task Numbers_out_of_the_parents_range_are_found()
    {
        var range = Single(await FindAsync(Rows(2000, 1), Rows(1000, 2) + string.Concat(Enumerable.Repeat("500,a\n", 20))), AnomalyKind.OutOfRange);
        Assert.Equal((AnomalySeverity.Warning, 20.0 / 1020), (range.Severity, range.Value!.Value));
        Assert.Equal(AnomalySeverity.Info, Single(await FindAsync(Rows(2000, 1), Rows(1000, 2) + "500,a\n"), AnomalyKind.OutOfRange).Severity);
    }

    [Fact]
    public async Task A_column_that_holds_one_value_is_found()
    {
        Assert.Equal(AnomalySeverity.Warning, Single(await FindAsync(Labels(50, 50), Labels(50, 0)), AnomalyKind.ConstantColumn).Severity);
        Assert.Equal(AnomalySeverity.Info, Single(await FindAsync(null, Labels(50, 0)), AnomalyKind.ConstantColumn).Severity);
        None(await FindAsync(Labels(50, 50), Labels(50, 1)), AnomalyKind.ConstantColumn);
        None(await FindAsync(Labels(50, 0), Labels(50, 0)), AnomalyKind.ConstantColumn);
    }

    [Fact]
    public async Task Texts_that_became_much_longer_are_found()
    {
        var length = Single(await FindAsync(Texts(200, 4), Texts(200, 12, seed: 2)), AnomalyKind.TextLength);
        Assert.InRange(length.Value!.Value, 2.5, 3.5);
        None(await FindAsync(Texts(200, 4), Texts(200, 5, seed: 2)), AnomalyKind.TextLength);
    }

    [Fact]
    public async Task Rows_that_repeat_are_found()
    {
        var repeated = Single(await FindAsync(null, Texts(100, 4) + Texts(50, 4)), AnomalyKind.DuplicateRows);
        Assert.Equal(50.0 / 150, repeated.Value!.Value, 9);
        Assert.Equal(AnomalySeverity.Warning, repeated.Severity);
        None(await FindAsync(null, Texts(100, 4)), AnomalyKind.DuplicateRows);
    }

    [Fact]
    public void Rows_that_stand_in_two_splits_are_found_also_when_they_are_sampled()
    {
        var (train, test, other) = (Sketch(0, 100_000), Sketch(99_000, 10_000), Sketch(500_000, 10_000));
        var across = Single(Splits(("train", train), ("test", test)), AnomalyKind.DuplicateRowsAcrossSplits);
        Assert.Contains("split 'test' stand in split 'train'", across.Message, StringComparison.Ordinal);
        Assert.InRange(across.Value!.Value, 0.07, 0.13);
        None(Splits(("train", train), ("test", other)), AnomalyKind.DuplicateRowsAcrossSplits);
        Assert.Equal(0.5, Single(Splits(("train", Sketch(0, 100)), ("test", Sketch(90, 20))), AnomalyKind.DuplicateRowsAcrossSplits).Value!.Value, 9);
    }

    [Fact]
    public async Task A_version_with_far_fewer_rows_than_its_parent_is_found()
    {
        var parent = await ReadAsync(Labels(100, 100));
        Assert.Equal(99, Single(AnomalyFinder.Find(Input(parent, await ReadAsync(Labels(50, 49)), replace: true)), AnomalyKind.RowCount).Value);
        None(AnomalyFinder.Find(Input(parent, await ReadAsync(Labels(50, 50)), replace: true)), AnomalyKind.RowCount);
    }

    [Fact]
    public async Task A_lost_column_and_a_widened_one_are_found()
    {
        var (parent, now) = (await ReadAsync("1,a\n2,b\n"), await ReadAsync("1.5\n2.5\n"));
        var found = AnomalyFinder.Find(Input(parent, now, replace: true));
        Assert.Equal("c1", Single(found, AnomalyKind.MissingColumn).Column);
        Assert.Equal("c0", Single(found, AnomalyKind.TypeMismatch).Column);
        Assert.Equal(1, found.Errors);
    }

    [Fact]
    public async Task What_is_expected_of_columns_is_checked()
    {
        var policy = new ValidationPolicy
        {
            Expectations =
            [
                new ColumnExpectation { Column = "gone" },
                new ColumnExpectation { Column = "c0", Type = ColumnType.String, Min = 2, Max = 3, Unique = true },
                new ColumnExpectation { Column = "c1", Allowed = ["a", "b"], Nullable = false },
            ],
        };
        var found = await FindAsync(null, "1,a\n2,\n4,x\n4,a\n", policy);
        Assert.Equal(
            [AnomalyKind.MissingColumn, AnomalyKind.TypeMismatch, AnomalyKind.OutOfRange, AnomalyKind.OutOfRange, AnomalyKind.UnseenCategory, AnomalyKind.NullRate, AnomalyKind.NotUnique],
            found.Anomalies.Where(anomaly => anomaly.Severity == AnomalySeverity.Error).Select(anomaly => anomaly.Kind));
        Assert.Contains("'x'", Single(found, AnomalyKind.UnseenCategory).Message, StringComparison.Ordinal);
        Assert.Equal(0, (await FindAsync(null, "2,a\n3,b\n", policy with { Expectations = [.. policy.Expectations.Skip(1).Select(e => e with { Type = null })] })).Errors);
    }

    [Fact]
    public async Task A_column_of_many_values_that_should_be_unique_is_judged_by_its_sketch()
    {
        var policy = new ValidationPolicy { Expectations = [new ColumnExpectation { Column = "c0", Unique = true }] };
        var unique = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i}\n"));
        None(await FindAsync(null, unique, policy), AnomalyKind.NotUnique);
        Single(await FindAsync(null, unique + string.Concat(Enumerable.Range(0, 2_000).Select(i => $"{i}\n")), policy), AnomalyKind.NotUnique);
    }

    [Fact]
    public void Images_that_became_larger_and_brighter_are_found()
    {
        Column[] schema = [new() { Name = "image", Type = ColumnType.Image }];
        var (small, large) = (Images(28, 0.2), Images(56, 0.6));
        var found = AnomalyFinder.Find(new ValidationInput { Policy = new(), ParentName = "v1", ParentSchema = schema, Parent = [small], ParentRows = 20, Schema = schema, Candidate = [large], Incoming = [large], Rows = 20 });
        Assert.Equal(2, found.Anomalies.Count(anomaly => anomaly.Kind == AnomalyKind.ImageSize));
        Assert.Equal(3, found.Anomalies.Count(anomaly => anomaly.Kind == AnomalyKind.ImageChannels));
        Assert.Empty(AnomalyFinder.Find(new ValidationInput { Policy = new(), ParentName = "v1", ParentSchema = schema, Parent = [small], ParentRows = 20, Schema = schema, Candidate = [small], Incoming = [small], Rows = 20 }).Anomalies);
    }

    [Fact]
    public void A_sketch_of_rows_merges_into_that_of_all_rows_and_reads_back()
    {
        var whole = Sketch(0, 30_000);
        var merged = Sketch(0, 12_345);
        merged.Merge(Sketch(12_345, 17_655));
        Assert.Equal(whole.ToBytes(), merged.ToBytes());
        Assert.Equal(whole.ToBytes(), RowSketch.FromBytes(whole.ToBytes()).ToBytes());
        merged.Merge(Sketch(0, 3_000));
        Assert.InRange(merged.RepeatedShare, (3_000.0 / 33_000) - 0.02, (3_000.0 / 33_000) + 0.02);
        Assert.Throws<InvalidDataException>(() => RowSketch.FromBytes([7]));
    }

    private static ColumnStatistics Images(int side, double light)
    {
        var sides = new OrleansDL.Telemetry.DDSketch();
        sides.Add(side, 20);
        var channel = new ChannelStatistics { Count = 20, Min = light, Max = light, Mean = light, M2 = 0.01 };
        return new ColumnStatistics
        {
            Name = "image",
            Type = ColumnType.Image,
            Count = 20,
            Nulls = 0,
            Channels = [channel, channel, channel],
            Sketches = new ColumnSketches { Widths = sides.ToBytes(), Heights = sides.ToBytes() },
        };
    }

    private static RowSketch Sketch(int first, int count)
    {
        var sketch = new RowSketch();
        for (var i = 0; i < count; i++)
        {
            sketch.Add(ValueHash.Of((long)first + i));
        }

        return sketch;
    }

    private static DatasetValidation Splits(params (string Split, RowSketch Sketch)[] splits) => AnomalyFinder.Find(new ValidationInput
    {
        Policy = new(),
        Schema = [],
        Candidate = [],
        Incoming = [],
        Rows = splits.Sum(split => split.Sketch.Rows),
        RowHashes = splits.ToDictionary(split => split.Split, split => split.Sketch),
    });

    private static string Rows(int count, int seed, double shift = 0)
    {
        var random = new Random(seed);
        return string.Concat(Enumerable.Range(0, count).Select(_ => string.Create(
            CultureInfo.InvariantCulture,
            $"{Math.Clamp(shift + (Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())), -3, 3):R},{"abcd"[random.Next(4)]}\n")))
            .Insert(0, seed == 1 ? "-3,a\n3,b\n" : "");
    }

    private static string Labels(int yes, int no) => string.Concat(Enumerable.Repeat("yes\n", yes)) + string.Concat(Enumerable.Repeat("no\n", no));

    private static string Nulls(int rows, int nulls) => string.Concat(Enumerable.Range(0, rows).Select(i => i < nulls ? "k,\n" : $"k,{i % 100}\n"));

    private static string Texts(int count, int words, int seed = 1)
    {
        var random = new Random(seed);
        return string.Concat(Enumerable.Range(0, count).Select(_ => string.Join(' ', Enumerable.Range(0, words).Select(_ => $"w{random.Next(100_000, 1_000_000)}")) + "\n"));
    }

    private static Anomaly Single(DatasetValidation validation, AnomalyKind kind) => Assert.Single(validation.Anomalies, anomaly => anomaly.Kind == kind);

    private static void None(DatasetValidation validation, AnomalyKind kind) => Assert.DoesNotContain(validation.Anomalies, anomaly => anomaly.Kind == kind);

    private static async Task<DatasetValidation> FindAsync(string? parent, string now, ValidationPolicy? policy = null) =>
        AnomalyFinder.Find(Input(parent is null ? null : await ReadAsync(parent), await ReadAsync(now), policy: policy));

    private static ValidationInput Input(TableSummary? parent, TableSummary now, bool replace = false, ValidationPolicy? policy = null)
    {
        var whole = parent is null || replace ? now.Statistics : StatisticsMerge.Merge(now.Columns, parent.Statistics, now.Statistics);
        return new ValidationInput
        {
            Policy = policy ?? new ValidationPolicy(),
            ParentName = parent is null ? null : "v1",
            ParentSchema = parent?.Columns ?? [],
            Parent = parent?.Statistics ?? [],
            ParentRows = parent?.Rows ?? 0,
            Schema = now.Columns,
            Candidate = whole,
            Incoming = now.Statistics,
            Rows = now.Rows + (replace ? 0 : parent?.Rows ?? 0),
            RowHashes = parent is null ? new Dictionary<string, RowSketch> { [""] = now.RowHashes! } : new Dictionary<string, RowSketch>(),
        };
    }

    private static Task<TableSummary> ReadAsync(string text) =>
        new CsvIngest(HeaderMode.No, null, new IngestLimits()).ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), CancellationToken.None);
}
