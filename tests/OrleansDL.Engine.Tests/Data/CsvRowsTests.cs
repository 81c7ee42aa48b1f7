using System.Text;
using OrleansDL.Data;
using OrleansDL.Datasets;

namespace OrleansDL.Tests.Data;

public sealed class CsvRowsTests
{
    private static readonly Column[] Schema = [Assignments.Text("a"), Assignments.Text("b")];

    [Theory]
    [InlineData("1,2\n3,4\n", false, "1|2 3|4")]
    [InlineData("1,2\r\n3,4", false, "1|2 3|4")]
    [InlineData("\uFEFFb,x,a\n1,2,3\n", true, "3|1")]
    [InlineData("\"1,\"\"\n2\"\"\",3\n\n4,5\n", false, "1,\"\n2\"|3 4|5")]
    [InlineData(",\n", false, "|")]
    public void Rows_are_read_as_rfc_4180_says(string text, bool header, string expected) =>
        Assert.Equal(expected, string.Join(' ', Read(text, header)));

    [Theory]
    [InlineData("1,2\n3\n", "data.csv line 2 has 1 fields where 2 were expected")]
    [InlineData("1,2\n\"a\nb\",3\n1,2,3\n", "data.csv line 4 has 3 fields where 2 were expected")]
    [InlineData("1,2\n\"3,4\n", "data.csv line 2: a quoted field is never closed")]
    [InlineData("\"1\"x,2\n", "data.csv line 1: text follows a closing quote")]
    public void What_is_no_csv_is_refused_with_its_line(string text, string message) =>
        Assert.StartsWith(message, Assert.Throws<InvalidException>(() => Read(text, false)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{\"b\": 1.5, \"x\": [1], \"a\": \"q\\u0041\"}\n\n{\"a\": null, \"b\": true}\n", "qA|1.5 |true")]
    public void Json_lines_are_read_by_column_name(string text, string expected)
    {
        List<string> rows = [];
        JsonLines.Read("data.jsonl", Encoding.UTF8.GetBytes(text), ["a", "b"], new Row(), row => rows.Add($"{row.Text(0)}|{row.Text(1)}"));
        Assert.Equal(expected, string.Join(' ', rows));
    }

    [Theory]
    [InlineData("{\"a\": 1}\n{\"a\": }\n", "data.jsonl line 2 is no valid JSON")]
    [InlineData("[1]\n", "data.jsonl line 1 is no JSON object")]
    [InlineData("{\"a\": {\"b\": 1}}\n", "data.jsonl line 1, column 'a': a number, a text, true, false or null was expected")]
    public void What_is_no_json_line_is_refused_with_its_line(string text, string message) => Assert.StartsWith(
        message,
        Assert.Throws<InvalidException>(() => JsonLines.Read("data.jsonl", Encoding.UTF8.GetBytes(text), ["a", "b"], new Row(), _ => { })).Message,
        StringComparison.Ordinal);

    private static List<string> Read(string text, bool header)
    {
        List<string> rows = [];
        CsvRows.Read("data.csv", Encoding.UTF8.GetBytes(text), header, Schema, new Row(), row => rows.Add($"{row.Text(0)}|{row.Text(1)}"));
        return rows;
    }
}
