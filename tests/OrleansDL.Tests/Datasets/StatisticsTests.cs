using System.Globalization;
using System.Text;
using FsCheck.Xunit;
using OrleansDL.Datasets;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Manifests;
using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Tests.Datasets;

public sealed class StatisticsTests
{
    private const double DistinctError = 5 * 1.04 / 128;

    [Fact]
    public async Task Many_valued_columns_are_sketched_within_their_errors()
    {
        var random = new Random(11);
        var rows = Enumerable.Range(0, 30_000).Select(i => (
            Id: (long)i * 3, Score: Math.Exp((random.NextDouble() * 6) - 3), Word: i % 4 == 0 ? "often" : $"w\u00f6rd {random.Next(20_000)} x")).ToArray();
        var table = await ReadAsync(string.Concat(rows.Select(row => string.Create(CultureInfo.InvariantCulture, $"{row.Id},{row.Score:R},{row.Word}\n"))));
        var (id, score, word) = (StatisticsView.Describe(table[0]), StatisticsView.Describe(table[1]), StatisticsView.Describe(table[2]));

        Near(30_000, id.Distinct, DistinctError);
        Near(rows.Select(row => row.Score).Distinct().Count(), score.Distinct, DistinctError);
        Near(rows.Select(row => row.Word).Distinct().Count(), word.Distinct, DistinctError);
        var sorted = rows.Select(row => row.Score).Order().ToArray();
        foreach (var (rank, found) in new[] { (0.01, score.Quantiles!.P1), (0.25, score.Quantiles.P25), (0.5, score.Quantiles.P50), (0.99, score.Quantiles.P99) })
        {
            Near(sorted[(int)(rank * (sorted.Length - 1))], found, 0.0101);
        }

        Assert.Equal(30_000, score.Histogram!.Counts.Sum());
        Assert.Equal((sorted[0], sorted[^1], 21), (score.Histogram.Edges[0], score.Histogram.Edges[^1], score.Histogram.Edges.Count));
        Assert.Equal("often", word.Top![0].Value);
        Assert.InRange(word.Top[0].Count, 7_500 - word.TopError!.Value, 7_500);
        Assert.InRange(word.TopError.Value, 0, 30_000 / 1024);
        Assert.Equal((rows.Min(row => row.Word.Length), rows.Max(row => row.Word.Length)), ((int)word.Text!.Characters.Min, (int)word.Text.Characters.Max));
        Near(rows.Average(row => row.Word.Length), word.Text.Characters.Mean, 1e-9);
        Near(rows.Average(row => row.Word.Split(' ').Length), word.Text.Words.Mean, 1e-9);
        Assert.Null(word.Sketches);
    }

    [Fact]
    public async Task Few_values_give_exact_quantiles_distinct_values_and_balance()
    {
        var table = await ReadAsync("1,a\n2,a\n3,a\n10,b\n");
        var (number, label) = (StatisticsView.Describe(table[0]), StatisticsView.Describe(table[1]));
        Assert.Equal((4, 2.5, 1.03), (number.Distinct!.Value, number.Quantiles!.P50, Math.Round(number.Quantiles.P1, 9)));
        Assert.Equal(1, number.Histogram!.Counts[^1]);
        Assert.Equal((2, 0.25, 0.75), (label.Balance!.Classes, label.Balance.SmallestShare, label.Balance.LargestShare));
        Assert.Equal(0.811278, label.Balance.Evenness, 6);
        Assert.Equal(["a", "b"], label.Top!.Select(top => top.Value));
        Assert.Equal(0, label.TopError);
        Assert.Equal(1, label.Text!.Characters.Max);
    }

    [Theory]
    [InlineData("", 0, 0)]
    [InlineData("one", 3, 1)]
    [InlineData("  one\ttwo \n", 11, 2)]
    [InlineData("gr\u00fcn \u4e2d\u6587 \ud83d\ude00", 9, 3)]
    [InlineData("0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 tail", 70, 7)]
    [InlineData("0123456789012345678901234567890 2345678901234567890123456789012 4", 65, 3)]
    public void Texts_are_measured_in_characters_and_words(string text, int characters, int words) =>
        Assert.Equal((characters, words), TextScan.Measure(Encoding.UTF8.GetBytes(text)));

    [Property(MaxTest = 30)]
    public async Task Sketches_of_two_halves_merge_into_those_of_the_whole(int seed, byte cut)
    {
        var random = new Random(seed);
        var lines = Enumerable.Range(0, 6000).Select(i => string.Create(
            CultureInfo.InvariantCulture, $"{random.Next(4000)},{random.NextDouble() - 0.5:R},{(random.Next(3) == 0 ? "same" : $"t{random.Next(3000)}")}\n")).ToArray();
        var at = 1 + (cut * 23);
        Column[] columns = [new() { Name = "c0", Type = ColumnType.Int64 }, new() { Name = "c1", Type = ColumnType.Float64 }, new() { Name = "c2", Type = ColumnType.String }];
        var whole = await ReadAsync(string.Concat(lines));
        var merged = StatisticsMerge.Merge(columns, await ReadAsync(string.Concat(lines[..at])), await ReadAsync(string.Concat(lines[at..])));
        for (var i = 0; i < 3; i++)
        {
            var (a, b) = (whole[i], merged[i]);
            Assert.Equal(a.Values is null, b.Values is null);
            Assert.Equal(a.Sketches!.Distinct, b.Sketches!.Distinct);
            Assert.Equal(a.Sketches.Characters, b.Sketches.Characters);
            Assert.Equal(a.Sketches.Words, b.Sketches.Words);
            Assert.Equal(StatisticsView.Describe(a).Quantiles, StatisticsView.Describe(b).Quantiles);
        }

        var same = lines.Count(line => line.EndsWith(",same\n", StringComparison.Ordinal));
        Assert.InRange(merged[2].Sketches!.Top!["same"], same - merged[2].Sketches!.TopError, same);
        Assert.InRange(merged[2].Sketches!.TopError, 0, 6000 / 1024);
    }

    [Fact]
    public async Task A_column_of_integers_that_turns_out_to_hold_words_keeps_its_count_of_different_values()
    {
        var lines = Enumerable.Range(0, 5000).Select(i => $"{i},x\n").Append("word,x\n").Concat(Enumerable.Range(0, 5000).Select(i => $"{i},x\n"));
        var column = StatisticsView.Describe((await ReadAsync(string.Concat(lines)))[0]);
        Assert.Equal(ColumnType.String, column.Type);
        Near(5001, column.Distinct, DistinctError);
        Assert.Equal((1, 4), ((int)column.Text!.Characters.Min, (int)column.Text.Characters.Max));
    }

    [Fact]
    public async Task Integers_widened_to_floats_keep_their_hashes()
    {
        var integers = await ReadAsync(string.Concat(Enumerable.Range(0, 3000).Select(i => $"{i},x\n")));
        var floats = await ReadAsync("0.5,x\n" + string.Concat(Enumerable.Range(0, 3000).Select(i => $"{i}.0,x\n")));
        var merged = StatisticsMerge.Merge([new Column { Name = "c0", Type = ColumnType.Float64 }, new Column { Name = "c1", Type = ColumnType.String }], integers, floats);
        Near(3001, StatisticsView.Describe(merged[0]).Distinct, DistinctError);
    }

    [Fact]
    public void What_was_stored_before_there_were_sketches_is_read_and_stays_unknown_where_it_was()
    {
        var old = new ColumnStatistics { Name = "x", Type = ColumnType.Float64, Count = 5000, Nulls = 1, Min = 0, Max = 9, Mean = 4, M2 = 100 };
        var read = CommitFormat.ReadStatistics(CommitFormat.WriteStatistics([old]));
        Assert.Equal(old, Assert.Single(read));
        var merged = StatisticsMerge.Merge([new Column { Name = "x", Type = ColumnType.Float64 }], read, [old with { Values = new Dictionary<string, long> { ["4"] = 5000 } }]);
        Assert.Null(merged[0].Sketches);
        Assert.Null(StatisticsView.Describe(merged[0]).Distinct);
        Assert.Equal(10_000, merged[0].Count);
    }

    private static void Near(double expected, double? found, double relative) =>
        Assert.InRange(found!.Value, expected - (Math.Abs(expected) * relative), expected + (Math.Abs(expected) * relative));

    private static async Task<IReadOnlyList<ColumnStatistics>> ReadAsync(string text) =>
        (await new CsvIngest(HeaderMode.No, null, new IngestLimits()).ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), CancellationToken.None)).Statistics;
}
