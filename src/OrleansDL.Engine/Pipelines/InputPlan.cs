using OrleansDL.Data;
using OrleansDL.Datasets;
using OrleansDL.Training;

namespace OrleansDL.Pipelines;

/// <summary>Which columns of a dataset are input and label, and how they are read: the spec with every default decided.</summary>
internal sealed record InputPlan
{
    public const int DefaultMaxTokens = 64;
    public const int DefaultVocabulary = 20_000;

    /// <summary><c>table</c>, <c>image</c> or <c>text</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Cells of a row that hold its target; empty when the input is its own target.</summary>
    public required int[] Targets { get; init; }

    /// <summary>Cells of a row that are input, in order.</summary>
    public required int[] Columns { get; init; }
    public required IReadOnlyList<Column> Schema { get; init; }
    public required InputSpec Spec { get; init; }

    /// <summary>Column of the target, for messages and <c>pipeline.json</c>; null when there is none.</summary>
    public string? LabelName => Targets.Length == 0 ? null : Schema[Targets[0]].Name;

    /// <summary>Type of the one input column that holds whole images or tensors; null when there is none.</summary>
    public ColumnType? Picture => Schema[Columns[0]].Type is ColumnType.Image or ColumnType.Tensor ? Schema[Columns[0]].Type : null;

    public static InputPlan Resolve(TrainingSpec spec, DatasetKind dataset, RowSource source, RowSplit split)
    {
        var input = spec.Input ?? new InputSpec();
        var label = input.Label is null ? source.Columns.Count - 1 : IndexOf(source.Columns, input.Label, "input.label");
        var features = Features(input, source, label, split);
        var pictures = features.Where(column => IsPicture(source.Columns[column])).ToArray();
        var kind = input.Kind ?? (dataset, spec.Network?.Family) switch
        {
            _ when pictures.Length > 0 => "image",
            (DatasetKind.Image, _) or (_, "cnn" or "resnet" or "separable") => "image",
            (DatasetKind.Text, _) or (_, "textbag" or "gpt") => "text",
            _ => "table",
        };
        if (pictures.Length > 0 && kind != "image")
        {
            throw new InvalidException($"input.kind is '{kind}', but column '{source.Columns[pictures[0]].Name}' holds images or tensors. Set it to 'image' or leave it out, or name other columns as input.columns.");
        }

        var plan = new InputPlan
        {
            Kind = kind,
            Targets = [label],
            Columns = Inputs(input, kind, source, label, features, pictures),
            Schema = source.Columns,
            Spec = input,
        };
        return kind == "image" && plan.Picture is null ? plan with { Spec = WithSides(input, plan.Columns.Length) } : plan;
    }

    /// <summary>For each column of the dataset whether it is read.</summary>
    /// <param name="columns">How many the dataset has.</param>
    /// <param name="also">One more that is.</param>
    public bool[] Wanted(int columns, int? also = null)
    {
        var wanted = new bool[columns];
        foreach (var column in (int[])[.. Columns, .. Targets, also ?? Columns[0]])
        {
            wanted[column] = true;
        }

        return wanted;
    }

    private static bool IsPicture(Column column) => column.Type is ColumnType.Image or ColumnType.Tensor;

    /// <summary>What a split goes by is no input unless it is named: it would tell the network the fold, or whose row it is.</summary>
    private static int[] Features(InputSpec input, RowSource source, int label, RowSplit split) => input.Columns is { } named
        ? [.. named.Select(name => IndexOf(source.Columns, name, "input.columns"))]
        : [.. Enumerable.Range(0, source.Columns.Count).Where(column => column != label && column != split.Column)];

    private static int[] Inputs(InputSpec input, string kind, RowSource source, int label, int[] columns, int[] pictures)
    {
        if (columns.Contains(label))
        {
            throw new InvalidException($"input.columns names the label '{source.Columns[label].Name}'. Take it out: the label is no input.");
        }

        if (pictures.Length > 0 && input.Columns is null)
        {
            columns = [pictures[0]];
        }

        if (kind == "text" && input.Columns is null)
        {
            columns = [.. columns.Where(column => source.Columns[column].Type is ColumnType.String).Take(1)];
        }

        return columns.Length switch
        {
            0 => throw new InvalidException($"Beside the label '{source.Columns[label].Name}' the dataset has no column that input.kind '{kind}' can take. Columns: {NamesOf(source.Columns)}."),
            > 1 when pictures.Length > 0 => throw new InvalidException("input.columns names an image or a tensor and other columns. Name the one column."),
            > 1 when kind == "text" => throw new InvalidException("input.columns names more than one column. input.kind 'text' takes one."),
            _ => columns,
        };
    }

    /// <summary>Pixels in columns: their number must be height x width x channels; a square grey image needs no saying.</summary>
    private static InputSpec WithSides(InputSpec input, int pixels)
    {
        var channels = input.Channels ?? 1;
        var side = (int)Math.Sqrt(pixels / channels);
        var height = input.Height ?? (input.Width is { } width ? pixels / channels / width : side);
        var complete = input with { Height = height, Width = input.Width ?? (height == 0 ? 0 : pixels / channels / height), Channels = channels };
        return complete.Height * complete.Width * channels == pixels
            ? complete
            : throw new InvalidException(
                $"{pixels} input columns are no image of input.height {complete.Height} x input.width {complete.Width} x input.channels {channels}. Give the three so that their product is {pixels}.");
    }

    private static int IndexOf(IReadOnlyList<Column> columns, string name, string path)
    {
        for (var column = 0; column < columns.Count; column++)
        {
            if (columns[column].Name == name)
            {
                return column;
            }
        }

        throw new InvalidException($"{path} '{name}' is no column of the dataset. Columns: {NamesOf(columns)}.");
    }

    private static string NamesOf(IReadOnlyList<Column> columns)
    {
        var names = string.Join(", ", columns.Select(column => column.Name));
        return names.Length > 300 ? names[..300] + "..." : names;
    }
}
