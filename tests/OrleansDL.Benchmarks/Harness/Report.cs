using System.Globalization;
using System.Text;
using System.Text.Json;

namespace OrleansDL.Benchmarks.Harness;

internal static class Report
{
    private static readonly CompositeFormat Format = CompositeFormat.Parse("{0,-24} {1,12} {2,12} {3,-10} {4,7} {5,7}  {6}");

    public static void Print(IReadOnlyList<Row> rows, bool json)
    {
        WriteLine("name", "ours", "limit", "unit", "ratio", "goal", "");
        foreach (var row in rows)
        {
            WriteLine(row.Name, row.Ours, row.Limit, row.Unit, row.Ratio, row.Goal?.ToString(CultureInfo.InvariantCulture) ?? "-",
                row.Goal is { } goal ? row.Ratio >= goal ? "reached" : "missed" : "");
        }

        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { rows }, OdlJson.Options));
        }
    }

    private static void WriteLine(params object[] columns) =>
        Console.WriteLine(string.Format(CultureInfo.InvariantCulture, Format, columns).TrimEnd());
}
