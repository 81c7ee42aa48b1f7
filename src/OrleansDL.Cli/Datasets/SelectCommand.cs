using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL.Datasets;

/// <summary><c>odl dataset select</c>: a snapshot of what a query selects.</summary>
internal static class SelectCommand
{
    private const int ShownLabels = 20;

    public static Command Create()
    {
        var dataset = new Argument<string>("dataset") { Description = "Name or id of the dataset, or name@VERSION to select from one version." };
        var tags = Names("--tag", "Rows that the commits carrying this tag brought; repeated: carrying all of them.");
        var versions = Names("--version", "Rows that this commit brought; may be repeated.");
        var branch = new Option<string?>("--branch") { Description = "Only commits in this branch's history, or (without tags) all its rows." };
        var splits = Names("--split", "Only files of this split; may be repeated.");
        var column = new Option<string?>("--label-column") { Description = "The column that holds the label. Default: the last." };
        var include = Names("--label", "Only rows of this label; may be repeated.");
        var exclude = Names("--not-label", "No rows of this label; may be repeated.");
        var filter = new Option<string?>("--filter") { Description = "A condition over the columns, for example 'length > 3 && lang == \"en\"'." };
        var rows = new Option<long?>("--sample-rows") { Description = "So many of the rows, chosen by the seed." };
        var fraction = new Option<double?>("--sample-fraction") { Description = "About this share of the rows, chosen by the seed." };
        var seed = new Option<long>("--seed") { Description = "Seed of the sample.", DefaultValueFactory = _ => 0 };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only count; make nothing." };
        return new Command("select", "Make a snapshot of the rows a query selects: the same query gives the same version.")
        {
            dataset, tags, versions, branch, splits, column, include, exclude, filter, rows, fraction, seed, dryRun,
        }.Does(async (session, cancel) =>
        {
            var query = new DatasetSelection
            {
                Tags = Given(session.Get(tags)),
                Versions = Given(session.Get(versions)),
                Branch = session.Get(branch),
                Splits = Given(session.Get(splits)),
                Labels = session.Get(column) is null && session.Get(include) is not { Length: > 0 } && session.Get(exclude) is not { Length: > 0 }
                    ? null
                    : new LabelFilter { Column = session.Get(column), Include = Given(session.Get(include)), Exclude = Given(session.Get(exclude)) },
                Filter = session.Get(filter),
                Sample = session.Get(rows) is null && session.Get(fraction) is null
                    ? null
                    : new SampleSpec { Rows = session.Get(rows), Fraction = session.Get(fraction), Seed = session.Get(seed) },
            };
            session.Screen.Show(await session.Client.Datasets.SelectAsync(session.Get(dataset), query, session.Get(dryRun), cancel), result => Print(session.Screen, result));
        });
    }

    private static void Print(Screen screen, SelectionResult result)
    {
        screen.Facts(
            ("version", result.Version is { } version ? $"{version.DatasetName} v{version.Version}" : "none: only counted"),
            ("rows", Format.Count(result.Rows)),
            ("files", $"{Format.Count(result.Files)}{(result.FilesCut > 0 ? $", {Format.Count(result.FilesCut)} of them in part" : "")}"),
            ("labels", result.LabelColumn is null ? null : $"{Format.Count(result.LabelCount)} in column {result.LabelColumn}"),
            ("commit", result.Version?.Commit.ToString()),
            ("content", result.Version?.Content.ToString()));
        screen.Table(["from", "rows", "commit"], result.Commits.Select(commit => new[] { $"v{commit.Version}", Format.Count(commit.Rows), Format.Digest(commit.Commit) }));
        if (result.Labels.Count is > 0 and <= ShownLabels)
        {
            screen.Table(["id", "label", "rows"], result.Labels.Select((label, id) => new[] { $"{id}", label.Label, Format.Count(label.Rows) }));
        }
    }

    private static Option<string[]> Names(string name, string description) => new(name) { Description = description, DefaultValueFactory = _ => [] };

    private static string[]? Given(string[]? names) => names is { Length: > 0 } ? names : null;
}
