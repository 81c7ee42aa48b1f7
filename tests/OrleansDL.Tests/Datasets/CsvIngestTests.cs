using System.Globalization;
using System.Text;
using FsCheck.Xunit;
using OrleansDL.Datasets;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Tests.Datasets;

public sealed class CsvIngestTests
{
    [Fact]
    public async Task A_header_types_nulls_and_statistics_are_found()
    {
        var table = await ReadAsync("id,score,ok,name\n1,0.5,true,a\n2,,false,\"b, \"\"c\"\"\nd\"\n-3,1e2,TRUE,a\n");
        Assert.True(table.Header);
        Assert.Equal(3, table.Rows);
        Assert.Equal(
            [("id", ColumnType.Int64, false), ("score", ColumnType.Float64, true), ("ok", ColumnType.Bool, false), ("name", ColumnType.String, false)],
            table.Columns.Select(column => (column.Name, column.Type, column.Nullable)));
        var (id, score, ok, name) = (table.Statistics[0], table.Statistics[1], table.Statistics[2], table.Statistics[3]);
        Assert.Equal((3, 0, -3.0, 2.0, 0.0, 14.0), (id.Count, id.Nulls, id.Min!.Value, id.Max!.Value, id.Mean!.Value, id.M2!.Value));
        Assert.Equal((2, 1, 50.25), (score.Count, score.Nulls, score.Mean!.Value));
        Assert.Equal(new Dictionary<string, long> { ["true"] = 2, ["false"] = 1 }, ok.Values!.ToDictionary());
        Assert.Equal(new Dictionary<string, long> { ["a"] = 2, ["b, \"c\"\nd"] = 1 }, name.Values!.ToDictionary());
    }

    [Fact]
    public async Task Without_a_header_the_columns_are_numbered()
    {
        var table = await ReadAsync("1,2\r\n3,4\r\n");
        Assert.False(table.Header);
        Assert.Equal(2, table.Rows);
        Assert.Equal(["c0", "c1"], table.Columns.Select(column => column.Name));
        Assert.Equal(1, (await ReadAsync("7,8")).Rows);
        Assert.False((await ReadAsync("what is this,greeting\nhow are you,greeting\n")).Header);
        Assert.Equal(2, (await ReadAsync("utterance,intent\nhow are you,greeting\n", HeaderMode.No)).Rows);
    }

    [Fact]
    public async Task Integers_that_meet_a_fraction_or_are_too_long_become_floats_and_words_make_a_string()
    {
        var table = await ReadAsync("a,b,c\n1,123456789012345678901,1\n2.5,2,x\n");
        Assert.Equal([ColumnType.Float64, ColumnType.Float64, ColumnType.String], table.Columns.Select(column => column.Type));
        Assert.Equal(["1", "2.5"], table.Statistics[0].Values!.Keys.Order());
        Assert.Null(table.Statistics[2].Mean);
    }

    [Theory]
    [InlineData("a,b\n1,2\n1,2,3\n", "Line 3 has more than 2")]
    [InlineData("a,b\n1,2\n\n1\n", "Line 4 has 1 ")]
    [InlineData("a,b\n1\n", "Line 2 has 1 ")]
    [InlineData("a,b\n1,\"2\n", "Line 2: a quote is opened")]
    [InlineData("a,b\n1,2\n3,x\"y\n", "Line 3: a quote stands within")]
    [InlineData("a,b\n1,2\n3,\"x\"y\n", "Line 3: text follows")]
    [InlineData("a,b\n1,2\n3,4\r5,6\n", "Line 3: a carriage return")]
    [InlineData("a,b\n1,2\n3,1e999\n", "Line 3, column 'b'")]
    [InlineData("a,b\n1,\0\n", "Line 2 holds a NUL")]
    [InlineData("", "is empty")]
    [InlineData("\n\n", "is empty")]
    [InlineData("a,b\n", "no row")]
    [InlineData("a,a,b\n1,2,3\n", "two columns 'a'")]
    public async Task What_is_wrong_is_said_with_its_line(string text, string says)
    {
        var fault = await Assert.ThrowsAsync<InvalidException>(() => ReadAsync(text, text.StartsWith("a,a", StringComparison.Ordinal) ? HeaderMode.Yes : HeaderMode.Auto));
        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_that_are_no_utf8_are_refused_with_their_line()
    {
        var bytes = new List<byte>(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("gr\u00fcn,1\n", 50_000))));
        bytes.InsertRange(bytes.Count - 3, [0xC3, 0x28]);
        var fault = await Assert.ThrowsAsync<InvalidException>(() => ReadAsync([.. bytes], HeaderMode.No, null, 1000));
        Assert.Contains("Line 50000 ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_is_held_to_the_datasets_schema_naming_line_and_column()
    {
        Column[] schema = [new() { Name = "a", Type = ColumnType.Float64 }, new() { Name = "b", Type = ColumnType.String }];
        var table = await ReadAsync("a,b\n1,007\n", HeaderMode.Auto, schema);
        Assert.Equal([ColumnType.Float64, ColumnType.String], table.Columns.Select(column => column.Type));
        Assert.Equal("007", Assert.Single(table.Statistics[1].Values!.Keys));

        var fault = await Assert.ThrowsAsync<InvalidException>(() => ReadAsync("a,b\n1,x\ny,z\n", HeaderMode.Auto, schema));
        Assert.Contains("Line 3, column 'a': 'y' is no float64", fault.Message, StringComparison.Ordinal);

        var reasons = Assert.Throws<InvalidException>(() => SchemaRules.Evolve(schema, [schema[0], schema[1] with { Name = "c" }]));
        Assert.Contains("column 'b' is missing (and it has c, which is new)", reasons.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_beyond_the_limit_is_refused()
    {
        var text = "a\n\"" + new string('x', 3 << 20);
        var fault = await Assert.ThrowsAsync<InvalidException>(() => ReadAsync(Encoding.UTF8.GetBytes(text), HeaderMode.Auto, null, 0, new IngestLimits { MaximumRecordBytes = 1 << 20 }));
        Assert.StartsWith("Line 2: the record", fault.Message, StringComparison.Ordinal);
    }

    [Property(MaxTest = 50)]
    public async Task Any_table_of_texts_is_read_as_it_was_written_in_pieces_of_any_size(string[] cells, byte piece)
    {
        var values = cells.Where(cell => !string.IsNullOrEmpty(cell) && !cell.Contains('\0', StringComparison.Ordinal) && !cell.Any(char.IsSurrogate)).ToArray();
        if (values.Length == 0)
        {
            return;
        }

        var text = string.Concat(values.Select(value => "\"" + value.Replace("\"", "\"\"", StringComparison.Ordinal) + "\",x\n"));
        var table = await ReadAsync(Encoding.UTF8.GetBytes(text), HeaderMode.No, [new Column { Name = "c0", Type = ColumnType.String }], piece + 1);
        Assert.Equal(values.Length, table.Rows);
        var expected = values.GroupBy(value => value).ToDictionary(group => group.Key, group => (long)group.Count());
        Assert.Equal(expected, table.Statistics[0].Values!.ToDictionary());
    }

    [Property(MaxTest = 200)]
    public void Numbers_are_read_as_the_framework_reads_them(double value, long integer)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        if (double.IsFinite(value))
        {
            Assert.True(NumberParser.TryDouble(Encoding.UTF8.GetBytes(text), out var read));
            Assert.Equal(value, read);
        }

        Assert.True(NumberParser.TryInt64(Encoding.UTF8.GetBytes(integer.ToString(CultureInfo.InvariantCulture)), out var whole));
        Assert.Equal(integer, whole);
    }

    [Fact]
    public async Task Statistics_of_two_halves_merge_into_those_of_the_whole()
    {
        var random = new Random(5);
        var lines = Enumerable.Range(0, 3000).Select(i => string.Create(CultureInfo.InvariantCulture, $"{random.Next(50)},{random.NextDouble() * 1e6:R},{(i % 7 == 0 ? "" : "x")}\n")).ToArray();
        var whole = await ReadAsync(string.Concat(lines));
        var first = await ReadAsync(string.Concat(lines[..1000]));
        var second = await ReadAsync(string.Concat(lines[1000..]));
        var merged = StatisticsMerge.Merge(whole.Columns, first.Statistics, second.Statistics);
        for (var i = 0; i < 3; i++)
        {
            var (a, b) = (whole.Statistics[i], merged[i]);
            Assert.Equal((a.Count, a.Nulls, a.Min, a.Max), (b.Count, b.Nulls, b.Min, b.Max));
            Assert.Equal(a.Values is null, b.Values is null);
            if (a.Values is not null)
            {
                Assert.Equal(a.Values.ToDictionary(), b.Values!.ToDictionary());
            }

            if (a.Mean is { } mean)
            {
                Assert.Equal(mean, b.Mean!.Value, 1e-9 * Math.Abs(mean));
                Assert.Equal(a.M2!.Value, b.M2!.Value, 1e-9 * a.M2.Value);
            }
        }
    }

    private static Task<TableSummary> ReadAsync(string text, HeaderMode mode = HeaderMode.Auto, IReadOnlyList<Column>? schema = null) =>
        ReadAsync(Encoding.UTF8.GetBytes(text), mode, schema, 0);

    private static Task<TableSummary> ReadAsync(byte[] bytes, HeaderMode mode, IReadOnlyList<Column>? schema, int piece, IngestLimits? limits = null) =>
        new CsvIngest(mode, schema, limits ?? new IngestLimits()).ReadAsync(new PieceStream(bytes, piece), CancellationToken.None);
}
