using Apache.Arrow;

namespace OrleansDL.Datasets.Formats;

/// <summary>The columns a reader gives, in their order.</summary>
internal sealed class Projection
{
    private Projection(IReadOnlyList<Column> columns)
    {
        Columns = columns;
        Schema = new Schema(columns.Select(ArrowTypes.ToField), metadata: null);
    }

    public IReadOnlyList<Column> Columns { get; }

    public Schema Schema { get; }

    /// <summary>All columns of a version: those of its schema; for files their path and content.</summary>
    public static IReadOnlyList<Column> All(DatasetVersion version) =>
        version.Schema.Count > 0 ? version.Schema : [FileColumns.Path, FileColumns.Content];

    public static Projection Of(IReadOnlyList<Column> columns) => new(columns);

    /// <summary>The named columns, or all. Where one file is one row, its path, size and digest can be named too.</summary>
    /// <exception cref="InvalidException">A name is unknown or stands twice.</exception>
    public static Projection Of(DatasetVersion version, IReadOnlyList<string>? names)
    {
        var all = All(version);
        if (names is null)
        {
            return new Projection(all);
        }

        var known = Known(version);
        var columns = new List<Column>(names.Count);
        foreach (var name in names)
        {
            if (columns.Any(column => column.Name == name))
            {
                throw new InvalidException($"The column '{name}' is asked for twice. Name it once.");
            }

            columns.Add(known.FirstOrDefault(column => column.Name == name) ?? throw new InvalidException(
                $"{version.DatasetName}@v{version.Version} has no column '{name}'; it has {string.Join(", ", known.Select(column => column.Name).Take(50))}."));
        }

        return new Projection(columns);
    }

    /// <summary>Every column that can be asked for.</summary>
    public static IReadOnlyList<Column> Known(DatasetVersion version) => version.Kind is DatasetKind.Image or DatasetKind.Files
        ? [.. All(version), .. FileColumns.Facts.Where(fact => All(version).All(column => column.Name != fact.Name))]
        : All(version);
}
