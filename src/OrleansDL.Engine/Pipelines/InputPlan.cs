using OrleansDL.Data;
using OrleansDL.Datasets;
using OrleansDL.Heads;
using OrleansDL.Training;

namespace OrleansDL.Pipelines;

/// <summary>Which columns of a dataset are input and label, and how they are read: the spec with every default decided.</summary>
internal sealed record InputPlan
{
    public const int DefaultMaxTokens = 64;
    public const int DefaultVocabulary = 20_000;

    /// <summary><c>table</c>, <c>image</c>, <c>text</c> or <c>series</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Cells of a row that hold its target; empty when the input is its own target.</summary>
    public required int[] Targets { get; init; }

    /// <summary>Cells of a row that are input, in order.</summary>
    public required int[] Columns { get; init; }
    public required IReadOnlyList<Column> Schema { get; init; }
    public required InputSpec Spec { get; init; }

    public required HeadSpec Head { get; init; }

    /// <summary>Whether columns of text enter as indices, for the network to embed.</summary>
    public required bool Embeds { get; init; }

    /// <summary>Column of the labels, for messages and <c>pipeline.json</c>; null when there is none.</summary>
    public string? LabelName => Targets.Length == 0 || Head.Kind is HeadNames.Regression ? null : Schema[Targets[0]].Name;

    /// <summary>text: what makes tokens of it.</summary>
    public string Tokenizer => Spec.Tokenizer ?? (Head.Kind switch
    {
        HeadNames.Sequence => Tokens.Tokenizer.Split,
        HeadNames.NextToken => Tokens.Tokenizer.Bytes,
        _ => Tokens.Tokenizer.Words,
    });

    /// <summary>Type of the one input column that holds whole images or tensors; null when there is none.</summary>
    public ColumnType? Picture => Schema[Columns[0]].Type is ColumnType.Image or ColumnType.Tensor ? Schema[Columns[0]].Type : null;

    public static InputPlan Resolve(TrainingSpec spec, DatasetKind dataset, RowSource source, RowSplit split)
    {
        var input = spec.Input ?? new InputSpec();
        var head = spec.Head ?? new HeadSpec();
        var targets = TargetsOf(head, input, source);
        var features = Features(input, source, targets, split);
        var pictures = input.Kind is "series" ? [] : features.Where(column => IsPicture(source.Columns[column])).ToArray();
        var kind = input.Kind ?? (dataset, spec.Network?.Family) switch
        {
            _ when pictures.Length > 0 => "image",
            (DatasetKind.Image, _) or (_, "cnn" or "resnet" or "separable") => "image",
            (DatasetKind.Text, _) or (_, "textbag" or "gpt") => "text",
            _ when head.Kind is HeadNames.NextToken || input.Tokenizer is not null => "text",
            _ => "table",
        };
        if (head.Kind is HeadNames.NextToken && kind != "text")
        {
            throw new InvalidException($"input.kind is '{kind}', but head.kind 'next-token' needs text. Set it to 'text' and name the column as input.columns.");
        }

        if (head.Kind is HeadNames.Sequence && kind is "text" && input.Tokenizer is not null and not Tokens.Tokenizer.Split)
        {
            throw new InvalidException($"input.tokenizer '{input.Tokenizer}' does not keep the tokens that labels belong to. head.kind 'sequence' takes 'split'.");
        }

        if (head.Kind is HeadNames.Reconstruction && kind is "text")
        {
            throw new InvalidException("head.kind 'reconstruction' answers numbers, and input.kind is 'text'. Take head.kind 'next-token' for text.");
        }

        if (pictures.Length > 0 && kind != "image")
        {
            throw new InvalidException($"input.kind is '{kind}', but column '{source.Columns[pictures[0]].Name}' holds images or tensors. Set it to 'image' or leave it out, or name other columns as input.columns.");
        }

        var plan = new InputPlan
        {
            Kind = kind,
            Targets = targets,
            Columns = Inputs(input, kind, source, targets, features, pictures),
            Head = head,
            Embeds = kind is "table" && spec.Network?.Categorical is "embedding",
            Schema = source.Columns,
            Spec = input,
        };
        return kind == "image" && plan.Picture is null ? plan with { Spec = WithSides(input, plan.Columns.Length) } : plan;
    }

    /// <summary>For each column of the dataset whether it is read.</summary>
    /// <param name="columns">How many the dataset has.</param>
    /// <param name="also">More that are.</param>
    public bool[] Wanted(int columns, params ReadOnlySpan<int> also)
    {
        var wanted = new bool[columns];
        foreach (var column in (int[])[.. Columns, .. Targets, .. also])
        {
            wanted[column] = true;
        }

        return wanted;
    }

    private static bool IsPicture(Column column) => column.Type is ColumnType.Image or ColumnType.Tensor;

    /// <summary>The columns the head names, else the label, else the last column.</summary>
    private static int[] TargetsOf(HeadSpec head, InputSpec input, RowSource source) => head switch
    {
        { Kind: HeadNames.NextToken or HeadNames.Reconstruction } => [],
        { Columns: { } named } => [.. named.Select(name => IndexOf(source.Columns, name, "head.columns"))],
        _ when input.Label is not null => [IndexOf(source.Columns, input.Label, "input.label")],
        _ => [source.Columns.Count - 1],
    };

    /// <summary>
    /// What a split goes by is no input unless it is named: it would tell the network the fold, or whose row it is. Neither is the label,
    /// also where nothing is learnt from it.
    /// </summary>
    private static int[] Features(InputSpec input, RowSource source, int[] targets, RowSplit split)
    {
        if (input.Columns is { } named)
        {
            return [.. named.Select(name => IndexOf(source.Columns, name, "input.columns"))];
        }

        var label = targets.Length == 0 && input.Label is not null ? IndexOf(source.Columns, input.Label, "input.label") : -1;
        return [.. Enumerable.Range(0, source.Columns.Count).Where(column => !targets.Contains(column) && column != label && column != split.Column)];
    }

    private static int[] Inputs(InputSpec input, string kind, RowSource source, int[] targets, int[] columns, int[] pictures)
    {
        if (columns.FirstOrDefault(targets.Contains, -1) is >= 0 and var named)
        {
            throw new InvalidException($"input.columns names the label '{source.Columns[named].Name}'. Take it out: the label is no input.");
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
            0 => throw new InvalidException($"Beside {(targets.Length == 0 ? "what is left out" : $"the label '{source.Columns[targets[0]].Name}'")} the dataset has no column that input.kind '{kind}' can take. Columns: {NamesOf(source.Columns)}."),
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
