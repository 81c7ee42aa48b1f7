using OrleansDL.Datasets;
using OrleansDL.Training;

namespace OrleansDL.Data;

/// <summary>Decides of each row whether it trains or validates, by the row alone: no row added later moves another.</summary>
internal sealed class RowSplit
{
    private readonly TrainingSpec _spec;
    private readonly SplitSpec _split;
    private readonly HashSet<string> _training;
    private readonly HashSet<string> _validation;

    /// <exception cref="InvalidException">The column it goes by is none of the dataset.</exception>
    public RowSplit(TrainingSpec spec, IReadOnlyList<Column> columns)
    {
        (_spec, _split) = (spec, spec.Reader?.Split ?? new SplitSpec());
        _training = [.. _split.Training ?? ["train"]];
        _validation = [.. _split.Validation ?? ["validation"]];
        Column = _split.Column is null ? null : columns.Index().Where(column => column.Item.Name == _split.Column).Select(column => (int?)column.Index).FirstOrDefault()
            ?? throw new InvalidException($"reader.split.column '{_split.Column}' is no column of the dataset. Columns: {string.Join(", ", columns.Take(50).Select(column => column.Name))}.");
        ByNumbers = (Column is { } one ? [columns[one]] : NeedsAll ? columns : []).Any(column => column.Type is ColumnType.Int64 or ColumnType.Float64);
    }

    /// <summary>Whether numbers decide. Before version 2 of the split they were hashed as they were spelt in a file, since then by their values: 0.50 is 0.5.</summary>
    public bool ByNumbers { get; }

    /// <summary>The column it goes by; null when it goes by none, or by all.</summary>
    public int? Column { get; }

    /// <summary>Whether it needs all of a row's columns.</summary>
    public bool NeedsAll => Column is null && _spec.ValidationFraction > 0;

    public Side Of(Row row) => _split.By switch
    {
        "column" => Named(row.Text(Column!.Value)),
        "key" => IsHeldOut(row.Hash(_spec.Seed, Column!.Value), _spec) ? Side.Validation : Side.Training,
        _ => IsHeldOut(row, _spec) ? Side.Validation : Side.Training,
    };

    /// <summary>Whether a row is for validation: a function of the seed and its content, so that equal rows never stand on both sides.</summary>
    public static bool IsHeldOut(Row row, TrainingSpec spec) => spec.ValidationFraction > 0 && IsHeldOut(row.Hash(spec.Seed), spec);

    private static bool IsHeldOut(ulong hash, TrainingSpec spec) => hash < spec.ValidationFraction * ulong.MaxValue;

    private Side Named(string? value) => value switch
    {
        not null when _training.Contains(value) => Side.Training,
        not null when _validation.Contains(value) => Side.Validation,
        _ => Side.LeftOut,
    };
}
