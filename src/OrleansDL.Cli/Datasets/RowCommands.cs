using System.CommandLine;

namespace OrleansDL.Datasets;

/// <summary><c>odl dataset rows</c> and <c>odl dataset export</c></summary>
internal static class RowCommands
{
    private static readonly Option<string?> Columns = new("--columns") { Description = "Names with commas between. Default: all." };
    private static readonly Option<string?> Filter = new("--filter") { Description = "A condition, for example 'label == \"cat\" && age > 3'." };
    private static readonly Option<string?> Split = new("--split") { Description = "Only rows of this split." };

    public static Command Rows()
    {
        var limit = new Option<int>("--limit") { Description = "How many rows.", DefaultValueFactory = _ => 10 };
        var row = new Option<long?>("--row") { Description = "Only the row of this number, counted from 0." };
        return new Command("rows", "Print rows as JSON, one a line.") { VersionArgument.Dataset, VersionArgument.Version, limit, row, Columns, Filter, Split }.Does(async (session, cancel) =>
        {
            var (dataset, version) = VersionArgument.Of(session);
            if (session.Get(row) is { } number)
            {
                session.Screen.Show(
                    await session.Client.Datasets.GetRowAsync(dataset, version, number, cancel), r => session.Screen.Line(r.GetRawText()));
                return;
            }

            var left = session.Get(limit);
            await foreach (var found in session.Client.Datasets.ReadRowsAsync(dataset, version, Selection(session), cancel))
            {
                if (left-- == 0)
                {
                    return;
                }

                session.Screen.Show(found, r => session.Screen.Line(r.GetRawText()));
            }
        });
    }

    public static Command Export()
    {
        var format = new Option<string>("--format", "-f") { Description = "csv, tsv, jsonl, parquet, arrow, npy, idx, tar, zip, webdataset, mds, croissant or original.", Required = true };
        format.AcceptOnlyFromAmong("csv", "tsv", "jsonl", "parquet", "arrow", "npy", "idx", "tar", "zip", "webdataset", "mds", "croissant", "original");
        var output = new Option<string?>("--output", "-o") { Description = "Where to; '-' is standard output. Default: the dataset's name and the format." };
        return new Command("export", "Write a version's rows in another format.") { VersionArgument.Dataset, VersionArgument.Version, format, Columns, Filter, Split, output }.Does(async (session, cancel) =>
        {
            var (dataset, version) = VersionArgument.Of(session);
            var wanted = session.Get(format)!;
            var target = session.Get(output) ?? $"{dataset}.{Extension(wanted)}";
            await using var content = await session.Client.Datasets.ExportAsync(dataset, version, wanted, Selection(session), cancel);
            await Files.SaveAsync(content, target, session.Screen, cancel);
        });
    }

    private static RowSelection Selection(Session session) => new()
    {
        Columns = (session.Get(Columns) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
        Filter = session.Get(Filter),
        Split = session.Get(Split),
    };

    private static string Extension(string format) => format switch
    {
        "idx" or "mds" => $"{format}.tar",
        "tar" or "webdataset" or "original" => "tar",
        "croissant" => "croissant.json",
        _ => format,
    };
}
