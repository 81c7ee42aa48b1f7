using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace OrleansDL.Datasets.Selection;

/// <summary>What a query must keep to, and the one spelling of what it comes to.</summary>
internal static class SelectionRules
{
    /// <summary>Branch of the snapshots; its commits are found by name only, never by tags.</summary>
    public const string Branch = "snapshots";
    private const int MaximumNames = 10_000;
    private const int MaximumFilter = 10_000;

    /// <returns>The query with its lists sorted and nothing twice.</returns>
    /// <exception cref="InvalidException">A part breaks a rule.</exception>
    public static DatasetSelection Check(DatasetSelection query)
    {
        var clean = query with
        {
            Tags = Names("tags", query.Tags),
            Versions = Names("versions", query.Versions),
            Splits = Names("splits", query.Splits),
            Branch = query.Branch is "" or DatasetReference.Latest ? null : query.Branch,
            Filter = string.IsNullOrWhiteSpace(query.Filter) ? null : query.Filter.Trim(),
            Labels = query.Labels is { } labels
                ? labels with { Include = Names("labels.include", labels.Include), Exclude = Names("labels.exclude", labels.Exclude) }
                : null,
        };
        Require(clean.Tags is null || clean.Versions is null, "Give tags or versions, not both: a commit is chosen by one of the two.");
        Require(clean.Versions is null || clean.Branch is null, "branch does not go with versions: they name their commits already. Take one of the two out.");
        Require(clean.Filter is null || clean.Filter.Length <= MaximumFilter, $"filter has more than {MaximumFilter} characters.");
        if (clean.Sample is { } sample)
        {
            Require(sample.Rows is null != sample.Fraction is null, "sample has rows or fraction: give one of the two.");
            Require(sample.Rows is null or (>= 1 and <= SampleSpec.MaximumRows), $"sample.rows is 1 to {SampleSpec.MaximumRows}.");
            Require(sample.Fraction is null or (> 0 and <= 1), "sample.fraction is more than 0 and at most 1.");
        }

        return clean;
    }

    /// <summary>Whether the query takes what commits brought, instead of all that a version has.</summary>
    public static bool TakesCommits(DatasetSelection query) => query.Tags is not null || query.Versions is not null;

    /// <summary>The id of the snapshot's commit: the same for whatever comes to the same commits and conditions.</summary>
    public static Guid RequestId(Guid dataset, DatasetSelection query, IEnumerable<DatasetVersion> commits)
    {
        var resolved = JsonSerializer.Serialize(
            new
            {
                dataset,
                takesCommits = TakesCommits(query),
                commits = commits.Select(commit => commit.Commit),
                query = query with { Tags = null, Versions = null, Branch = null },
            },
            OdlJson.Options);
        return new Guid(SHA256.HashData(Encoding.UTF8.GetBytes("odl-selection/1\n" + resolved)).AsSpan(0, 16));
    }

    private static string[]? Names(string part, IReadOnlyList<string>? names)
    {
        if (names is not { Count: > 0 })
        {
            return null;
        }

        Require(names.Count <= MaximumNames, $"{part} has more than {MaximumNames} names.");
        Require(names.All(name => !string.IsNullOrEmpty(name) && name.Length <= 1024), $"{part} has an empty name, or one longer than 1024 characters.");
        return [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new InvalidException(message);
        }
    }
}
