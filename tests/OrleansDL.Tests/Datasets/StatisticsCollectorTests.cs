using System.Globalization;
using System.Text;
using Apache.Arrow;
using Apache.Arrow.Types;
using OrleansDL.Datasets;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Manifests;
using OrleansDL.Datasets.Statistics;
using Column = OrleansDL.Datasets.Column;

namespace OrleansDL.Tests.Datasets;

public sealed class StatisticsCollectorTests
{
    [Fact]
    public async Task Rows_in_batches_have_the_statistics_of_the_same_rows_in_a_file()
    {
        var random = new Random(3);
        var ids = Enumerable.Range(0, 5000).Select(_ => (long)random.Next(200)).ToArray();
        var scores = ids.Select(_ => random.Next(10) == 0 ? (double?)null : random.NextDouble()).ToArray();
        var words = ids.Select(id => id % 7 == 0 ? null : $"word {id}").ToArray();
        var oks = ids.Select(id => id % 2 == 0).ToArray();
        var text = new StringBuilder("id,score,word,ok\n");
        for (var i = 0; i < ids.Length; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{ids[i]},{scores[i]?.ToString("R", CultureInfo.InvariantCulture)},{words[i]},{(oks[i] ? "true" : "false")}\n");
        }

        var file = await new CsvIngest(HeaderMode.Auto, null, new IngestLimits()).ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text.ToString())), CancellationToken.None);
        var collector = new StatisticsCollector(file.Columns, new IngestLimits());
        for (var start = 0; start < ids.Length; start += 700)
        {
            var rows = Math.Min(700, ids.Length - start);
            collector.Add(Batch(ids.AsSpan(start, rows), scores.AsSpan(start, rows), words.AsSpan(start, rows), oks.AsSpan(start, rows)));
        }

        Assert.Equal(5000, collector.Rows);
        Assert.Equal(
            Encoding.UTF8.GetString(CommitFormat.WriteStatistics(file.Statistics).Span),
            Encoding.UTF8.GetString(CommitFormat.WriteStatistics(collector.Finish()).Span));
    }

    [Fact]
    public void What_is_not_finite_is_counted_apart_and_a_missing_column_is_null()
    {
        Column[] columns = [new() { Name = "x", Type = ColumnType.Float64 }, new() { Name = "gone", Type = ColumnType.String }];
        var collector = new StatisticsCollector(columns, new IngestLimits());
        collector.Add(new RecordBatch(
            new Schema([new Field("x", DoubleType.Default, true)], null),
            [new DoubleArray.Builder().Append(1).Append(double.NaN).Append(double.PositiveInfinity).AppendNull().Append(3).Build()],
            5));
        var (x, gone) = (collector.Finish()[0], collector.Finish()[1]);
        Assert.Equal((2, 1, 2, 1.0, 3.0, 2.0), (x.Count, x.Nulls, x.NotFinite!.Value, x.Min!.Value, x.Max!.Value, x.Mean!.Value));
        Assert.Equal((0, 5), (gone.Count, gone.Nulls));
    }

    [Fact]
    public void A_batch_that_does_not_hold_what_the_schema_says_is_refused()
    {
        var collector = new StatisticsCollector([new Column { Name = "x", Type = ColumnType.Int64 }], new IngestLimits());
        var fault = Assert.Throws<InvalidException>(() => collector.Add(new RecordBatch(
            new Schema([new Field("x", StringType.Default, true)], null), [new StringArray.Builder().Append("a").Build()], 1)));
        Assert.Contains("Column 'x' comes as Arrow's utf8", fault.Message, StringComparison.Ordinal);
    }

    private static RecordBatch Batch(ReadOnlySpan<long> ids, ReadOnlySpan<double?> scores, ReadOnlySpan<string?> words, ReadOnlySpan<bool> oks)
    {
        var (id, score, word, ok) = (new Int64Array.Builder(), new DoubleArray.Builder(), new StringArray.Builder(), new BooleanArray.Builder());
        for (var i = 0; i < ids.Length; i++)
        {
            id.Append(ids[i]);
            score.Append(scores[i]);
            word.Append(words[i]!);
            ok.Append(oks[i]);
        }

        var schema = new Schema(
            [new Field("id", Int64Type.Default, true), new Field("score", DoubleType.Default, true), new Field("word", StringType.Default, true), new Field("ok", BooleanType.Default, true)],
            null);
        return new RecordBatch(schema, [id.Build(), score.Build(), word.Build(), ok.Build()], ids.Length);
    }
}
