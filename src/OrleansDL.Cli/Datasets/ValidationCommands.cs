using System.CommandLine;
using System.Text.Json;
using OrleansDL.Output;

namespace OrleansDL.Datasets;

/// <summary><c>odl dataset stats</c>, <c>validate</c> and <c>policy</c>.</summary>
internal static class ValidationCommands
{
    private static readonly Argument<string> Dataset = new("dataset") { Description = "Name or id of the dataset." };

    public static Command Statistics()
    {
        var only = new Option<string?>("--column", "-c") { Description = "Show all that is known of one column." };
        var command = new Command("statistics", "What is known of each column's values.") { VersionArgument.Dataset, VersionArgument.Version, only };
        command.Aliases.Add("stats");
        return command.Does(async (session, cancel) =>
        {
            var (dataset, version) = VersionArgument.Of(session);
            var list = await session.Client.Datasets.GetStatisticsAsync(dataset, version, cancel);
            if (session.Get(only) is not { } name)
            {
                session.Screen.Show(list, all => Print(session.Screen, all));
                return;
            }

            var column = list.FirstOrDefault(column => column.Name == name)
                ?? throw new InvalidException($"There is no column '{name}'. The columns are {string.Join(", ", list.Select(column => column.Name).Take(50))}.");
            session.Screen.Show(column, found => Print(session.Screen, found));
        });
    }

    public static Command Validate()
    {
        var source = new Argument<string>("file") { Description = "The file that would be pushed (CSV, JSON Lines, tar, zip)." };
        var format = new Option<string?>("--format") { Description = "How to read the file. Default: by its name." };
        var header = new Option<bool?>("--header") { Description = "CSV: whether the first line names the columns. Default: found out." };
        var types = new Option<string?>("--types") { Description = "Types of columns in place of those found, as zip=string,topics=labels." };
        return new Command("validate", "Say what would be found odd about a push, and commit nothing.") { Dataset, source, format, header, types }.Does(async (session, cancel) =>
        {
            var path = Files.Existing(session.Get(source));
            var options = new CommitOptions
            {
                Format = session.Get(format) ?? Path.GetExtension(path) switch
                {
                    ".csv" => "csv",
                    ".jsonl" or ".ndjson" => "jsonl",
                    ".tar" => "tar",
                    ".zip" => "zip",
                    _ => null,
                },
                Header = session.Get(header),
                Types = session.Get(types),
                Path = Path.GetFileName(path),
            };
            await using var file = File.OpenRead(path);
            session.Screen.Show(await session.Client.Datasets.ValidateAsync(session.Get(Dataset), file, options, null, cancel), found => Print(session.Screen, found));
        });
    }

    public static Command Policy()
    {
        var set = new Option<string?>("--set") { Description = "A JSON file with the new policy: onError, onWarning, expectations." };
        var onError = new Option<ValidationAction?>("--on-error") { Description = "What follows from an error: warn, quarantine or refuse." };
        var onWarning = new Option<ValidationAction?>("--on-warning") { Description = "What follows from a warning: warn, quarantine or refuse." };
        return new Command("policy", "Show or change what a dataset's commits are held to.") { Dataset, set, onError, onWarning }.Does(async (session, cancel) =>
        {
            var policy = session.Get(set) is { } file
                ? JsonSerializer.Deserialize<ValidationPolicy>(await File.ReadAllTextAsync(Files.Existing(file), cancel), OdlJson.Options) ?? throw new InvalidException($"'{file}' holds no policy.")
                : await session.Client.Datasets.GetPolicyAsync(session.Get(Dataset), cancel);
            policy = policy with { OnError = session.Get(onError) ?? policy.OnError, OnWarning = session.Get(onWarning) ?? policy.OnWarning };
            if (session.Get(set) is not null || session.Get(onError) is not null || session.Get(onWarning) is not null)
            {
                policy = await session.Client.Datasets.SetPolicyAsync(session.Get(Dataset), policy, cancel);
            }

            session.Screen.Show(policy, shown =>
            {
                session.Screen.Facts(("on error", Format.Of(shown.OnError)), ("on warning", Format.Of(shown.OnWarning)));
                if (shown.Expectations.Count > 0)
                {
                    session.Screen.Table(
                        ["column", "type", "nulls", "min", "max", "allowed", "unique"],
                        shown.Expectations.Select(e => new[]
                        {
                            e.Column, e.Type is { } type ? Format.Of(type) : "-", e.Nullable is false ? "none" : e.MaxNullRate is { } rate ? Format.Share(rate) : "-",
                            Number(e.Min), Number(e.Max), e.Allowed is { } allowed ? string.Join(", ", allowed.Take(5)) : "-", e.Unique is true ? "yes" : "-",
                        }));
                }
            });
        });
    }

    /// <summary>What a push says at its end when something was found, with a space before.</summary>
    public static string Found(DatasetVersion version) => version.Validation switch
    {
        { QuarantinedFrom: { } branch } => $" QUARANTINED on branch {version.Branch} instead of {branch}: 'odl dataset show {version.DatasetName} --version v{version.Version}' says why.",
        { Errors: > 0 } or { Warnings: > 0 } => $" {version.Validation.Errors} errors and {version.Validation.Warnings} warnings: 'odl dataset show {version.DatasetName} --version v{version.Version}' lists them.",
        _ => "",
    };

    /// <summary>Anomalies, the worst first.</summary>
    public static void Print(Screen screen, DatasetValidation validation)
    {
        if (validation.QuarantinedFrom is { } branch)
        {
            screen.Line($"Quarantined: it was meant for branch {branch}. Look at it, and merge it if it is right.");
        }

        if (validation.Anomalies.Count == 0)
        {
            screen.Line("Nothing odd was found.");
            return;
        }

        screen.Line($"{validation.Errors} errors, {validation.Warnings} warnings, {validation.Infos} infos:");
        foreach (var anomaly in validation.Anomalies)
        {
            screen.Line($"{Format.Of(anomaly.Severity),-8}{Format.Of(anomaly.Kind)}: {anomaly.Message}");
        }
    }

    private static void Print(Screen screen, IReadOnlyList<ColumnStatistics> columns) => screen.Table(
        ["column", "type", "count", "nulls", "distinct", "min", "p50", "max", "mean", "most frequent"],
        columns.Select(c => new[]
        {
            c.Name, Format.Of(c.Type), Format.Count(c.Count), Format.Count(c.Nulls), c.Distinct is { } distinct ? (c.Values is null ? "~" : "") + Format.Count(distinct) : "-",
            Number(c.Min), Number(c.Quantiles?.P50), Number(c.Max), Number(c.Mean), c.Top is [var top, ..] ? $"{Short(top.Value)} ({Format.Count(top.Count)})" : "-",
        }));

    private static void Print(Screen screen, ColumnStatistics column)
    {
        screen.Facts(
            ("column", $"{column.Name} ({Format.Of(column.Type)})"),
            ("values", $"{Format.Count(column.Count)}, and {Format.Count(column.Nulls)} nulls"),
            ("distinct", column.Distinct is { } distinct ? (column.Values is null ? "about " : "") + Format.Count(distinct) : null),
            ("range", column.Min is null ? null : $"{Number(column.Min)} to {Number(column.Max)}, mean {Number(column.Mean)}"),
            ("quantiles", Of(column.Quantiles)),
            ("characters", Of(column.Text?.Characters)),
            ("words", Of(column.Text?.Words)),
            ("width", Of(column.Image?.Width)),
            ("height", Of(column.Image?.Height)),
            ("channels", column.Channels is { } channels ? string.Join(", ", channels.Select(c => $"{Number(c.Mean)} +- {Number(Math.Sqrt(c.M2 / Math.Max(1, c.Count)))}")) : null),
            ("balance", column.Balance is { } balance ? $"{balance.Classes} classes, shares {Format.Share(balance.SmallestShare)} to {Format.Share(balance.LargestShare)}, evenness {Number(balance.Evenness)}" : null));
        if (column.Histogram is { } histogram)
        {
            var most = Math.Max(1, histogram.Counts.Max());
            screen.Table(["from", "to", "values", ""], histogram.Counts.Select((count, i) => new[]
            {
                Number(histogram.Edges[i]), Number(histogram.Edges[i + 1]), Format.Count(count), new string('#', (int)(40 * count / most)),
            }));
        }

        if (column.Top is { } top)
        {
            screen.Table([$"value{(column.TopError > 0 ? $" (counts up to {Format.Count(column.TopError.Value)} too low)" : "")}", "count"], top.Take(20).Select(t => new[] { Short(t.Value), Format.Count(t.Count) }));
        }
    }

    private static string? Of(Quantiles? q) => q is null ? null : $"1% {Number(q.P1)}, 5% {Number(q.P5)}, 25% {Number(q.P25)}, 50% {Number(q.P50)}, 75% {Number(q.P75)}, 95% {Number(q.P95)}, 99% {Number(q.P99)}";

    private static string? Of(LengthStatistics? length) => length is null ? null : $"{Number(length.Min)} to {Number(length.Max)}, mean {Number(length.Mean)}, half above {Number(length.Quantiles.P50)}";

    private static string Short(string text) => Format.OneLine(text.Length > 40 ? text[..40] + "..." : text);

    private static string Number(double? value) => value is null ? "-" : Format.Number(value.Value);
}
