using System.Text;
using OrleansDL.Datasets;
using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Tests.Datasets;

public sealed class JsonLinesIngestTests
{
    [Fact]
    public async Task Objects_become_rows_and_names_become_columns()
    {
        var table = await ReadAsync("{\"id\":1,\"text\":\"a\\u00e9\\\"\",\"ok\":true}\n\n{\"text\":\"b\",\"id\":2.5,\"more\":[1,{\"x\":2}]}\r\n{\"id\":null}");
        Assert.Equal(3, table.Rows);
        Assert.Equal(
            [("id", ColumnType.Float64, true), ("text", ColumnType.String, true), ("ok", ColumnType.Bool, true), ("more", ColumnType.String, true)],
            table.Columns.Select(column => (column.Name, column.Type, column.Nullable)));
        Assert.Equal(["a\u00e9\"", "b"], table.Statistics[1].Values!.Keys.Order());
        Assert.Equal("[1,{\"x\":2}]", Assert.Single(table.Statistics[3].Values!.Keys));
        Assert.Equal((2, 1), (table.Statistics[0].Count, table.Statistics[0].Nulls));
    }

    [Theory]
    [InlineData("{\"a\":1}\n[1]\n", "Line 2 is no JSON object")]
    [InlineData("{\"a\":1}\n{\"a\":\n", "Line 2 is no valid JSON")]
    [InlineData("{\"a\":1} x\n", "Line 1 is no valid JSON")]
    [InlineData("{\"a\":1}\n{\"a\":\"x\"}\n", "Line 2, column 'a': string stands where the lines before have int64")]
    [InlineData("{\"a\":1,\"a\":2}\n", "Line 1 has the name 'a' twice")]
    [InlineData("{\"a\":1e999}\n", "Line 1, column 'a': the number '1e999'")]
    [InlineData("{\"a\":\"\\ud800\"}\n", "Line 1 holds half of a surrogate")]
    [InlineData("{\"a\":\"\0\"}\n", "Line 1 holds a NUL")]
    [InlineData("{\"\":1}\n", "Line 1: a column has no name")]
    [InlineData("\n", "is empty")]
    public async Task What_is_wrong_is_said_with_its_line(string text, string says)
    {
        var fault = await Assert.ThrowsAsync<InvalidException>(() => ReadAsync(text));
        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deep_json_is_refused_with_its_line()
    {
        var fault = await Assert.ThrowsAsync<InvalidException>(() => ReadAsync("{\"a\":1}\n{\"a\":" + new string('[', 100_000) + "}\n"));
        Assert.Contains("Line 2 is no valid JSON object: it is nested deeper than 32", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_a_file_lacks_is_all_nulls()
    {
        var table = await ReadAsync("{\"a\":1}\n", [new() { Name = "a", Type = ColumnType.Int64 }, new() { Name = "b", Type = ColumnType.Int64 }]);
        Assert.Equal(("b", ColumnType.Int64, true), (table.Columns[1].Name, table.Columns[1].Type, table.Columns[1].Nullable));
    }

    private static Task<TableSummary> ReadAsync(string text, IReadOnlyList<Column>? schema = null) =>
        new JsonLinesIngest(schema, new IngestLimits()).ReadAsync(new PieceStream(Encoding.UTF8.GetBytes(text), 7), CancellationToken.None);
}
