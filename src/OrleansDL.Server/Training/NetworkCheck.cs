using OrleansDL.Datasets;
using OrleansDL.Networks;

namespace OrleansDL.Training;

/// <summary>Finds the network's shapes before a row is read, from a version's schema and statistics. What only rows can tell is assumed, and said.</summary>
internal sealed class NetworkCheck
{
    private const int DefaultMaxTokens = 64;
    private const int DefaultVocabulary = 20_000;
    private const int DefaultEmbedding = 64;
    private const int GreatestSide = 64;

    /// <summary>Padding, unknown, and the bytes.</summary>
    private const int Bytes = 258;

    private readonly TrainingSpec _spec;
    private readonly InputSpec _input;
    private readonly IReadOnlyList<Column> _schema;
    private readonly DatasetKind _dataset;
    private readonly Dictionary<string, ColumnStatistics> _statistics;
    private readonly List<string> _notes = [];

    private NetworkCheck(TrainingSpec spec, DatasetVersion dataset, IReadOnlyList<ColumnStatistics> statistics)
    {
        (_spec, _input, _schema, _dataset) = (spec, spec.Input ?? new InputSpec(), dataset.Schema, dataset.Kind);
        _statistics = statistics.ToDictionary(column => column.Name, StringComparer.Ordinal);
    }

    private string Head => _spec.Head?.Kind ?? "label";

    private string Family => _spec.Network!.Family;

    /// <summary>Refuses a run whose network cannot fit its rows, before it waits for anything. What only rows can tell is left to the run.</summary>
    /// <exception cref="InvalidException">The network does not fit the data; the message begins with the JSON path of what is wrong.</exception>
    public static async Task RefuseAsync(IGrainFactory grains, string project, TrainingSpec spec, DatasetVersion dataset)
    {
        if (spec is { Program: TrainingProgram.Train, Network: not null } && dataset.Schema.Count > 0)
        {
            Of(spec, dataset, await grains.GetGrain<IDatasetsGrain>(project).GetStatisticsAsync($"{dataset.Dataset}@{dataset.Commit}"));
        }
    }

    /// <exception cref="InvalidException">The network does not fit the data; the message begins with the JSON path of what is wrong.</exception>
    public static TrainingCheck Of(TrainingSpec spec, DatasetVersion dataset, IReadOnlyList<ColumnStatistics> statistics)
    {
        var check = new NetworkCheck(spec, dataset, statistics);
        if (spec.Workers > 1)
        {
            check._notes.Add(Division(spec));
        }

        return new TrainingCheck
        {
            DatasetName = dataset.DatasetName,
            DatasetVersion = dataset.Version,
            DatasetCommit = dataset.Commit,
            Rows = dataset.Rows,
            Network = spec.Network is null ? null : check.Summarize(),
            Notes = check._notes,
        };
    }

    private static string Division(TrainingSpec spec)
    {
        var (least, more) = Math.DivRem(spec.BatchSize, spec.Workers!.Value);
        var rows = more == 0 ? $"{least}" : $"{least} or {least + 1}";
        var slots = spec.Workers.Value * spec.Slots;
        var fewer = spec.MinWorkers is { } few && few < spec.Workers ? $", or {few} where the pool cannot hold all" : "";
        return $"Each batch of {spec.BatchSize} rows is divided among {spec.Workers} workers, {rows} rows each; they take {slots} slots together{fewer}. The memory is that of each worker, at most.";
    }

    private NetworkSummary? Summarize()
    {
        var targets = Targets();
        var features = Features(targets);
        if (features.Count == 0)
        {
            throw new InvalidException($"Beside its targets the dataset has no column that can be input. Columns: {string.Join(", ", _schema.Select(column => column.Name))}.");
        }

        var kind = Kind(features);
        NetworkSpecRules.CheckFit(Family, kind);
        var (input, vocabulary, cardinalities) = kind switch
        {
            "image" => (Image(features), null, []),
            "text" => (BlockShape.Of([_input.MaxTokens ?? DefaultMaxTokens], tokens: true), Vocabulary(), []),
            "series" => (Series(features), null, []),
            _ => Table(features),
        };
        if (input is null || Outputs(targets, vocabulary) is not { } outputs)
        {
            return null;
        }

        var network = NetworkFamilies.WithDefaults(_spec.Network!);
        try
        {
            return Summarize(NetworkPlan.Make(network, new NetworkEnds { Input = input, Vocabulary = vocabulary, Cardinalities = cardinalities, Head = Head, Outputs = outputs }));
        }
        catch (InvalidException problem) when (_notes.Count > 0)
        {
            // What was assumed may be what does not fit.
            _notes.Add($"With that the network does not fit: {problem.Message}");
            return null;
        }
    }

    private NetworkSummary Summarize(NetworkPlan plan)
    {
        var states = _spec.Optimizer switch { "adam" or "adamw" => 2, "sgd" or "rmsprop" or "lion" => 1, _ => 0 };
        var activations = plan.Ends.Input.Count + plan.Blocks.Sum(block => block.AllActivations);
        return new NetworkSummary
        {
            Family = Family,
            Input = plan.Ends.Input.Sizes,
            Output = plan.Output.Sizes,
            Blocks = [.. plan.Blocks.Select(block => new BlockSummary { Name = block.Name, Kind = block.Spec.Kind, Output = block.Output.Sizes, Parameters = block.AllParameters })],
            Parameters = plan.Parameters,
            WeightBytes = plan.Parameters * sizeof(float),

            // Weights and their gradients, and what backward keeps of a batch with the gradients of that.
            TrainingBytes = (plan.Parameters * sizeof(float) * (2 + states)) + (activations * _spec.BatchSize * sizeof(float) * 2),
        };
    }

    private List<Column> Targets() => Head switch
    {
        "next-token" or "reconstruction" => [],
        _ => [.. (_spec.Head?.Columns ?? [_input.Label ?? _schema[^1].Name]).Select(name => Find(name, _spec.Head?.Columns is null ? "input.label" : "head.columns"))],
    };

    private List<Column> Features(List<Column> targets) => _input.Columns is { } named
        ? [.. named.Select(name => Find(name, "input.columns"))]
        : [.. _schema.Where(column => !targets.Contains(column) && column != Unlearnt(targets) && column.Name != _spec.Reader?.Split?.Column)];

    /// <summary>The label is no input either where nothing is learnt from it.</summary>
    private Column? Unlearnt(List<Column> targets) => targets.Count == 0 && _input.Label is { } label ? Find(label, "input.label") : null;

    private string Kind(List<Column> features) => _input.Kind ?? (_dataset, Family) switch
    {
        _ when features.Exists(column => column.Type is ColumnType.Image or ColumnType.Tensor) => "image",
        (DatasetKind.Image, _) or (_, "cnn" or "resnet" or "separable") => "image",
        (DatasetKind.Text, _) or (_, "textbag" or "gpt") => "text",
        _ when Head == "next-token" || _input.Tokenizer is not null => "text",
        _ => "table",
    };

    private (BlockShape?, long?, IReadOnlyList<long>) Table(List<Column> features)
    {
        var texts = features.Where(column => column.Type is not (ColumnType.Int64 or ColumnType.Float64 or ColumnType.Bool)).ToList();
        var known = texts.Select(column => _statistics.GetValueOrDefault(column.Name)?.Distinct).ToList();
        if (known.IndexOf(null) is >= 0 and var unknown)
        {
            _notes.Add($"How many different texts column '{texts[unknown].Name}' has is not known before rows are read: it has no statistics.");
            return (null, null, []);
        }

        if (texts.Count > 0)
        {
            _notes.Add($"Every text of {Names(texts)} is taken to stand in a training row; the network is smaller where some do not.");
        }

        var numbers = features.Count - texts.Count;
        return _spec.Network!.Categorical == "embedding"
            ? (BlockShape.Row(features.Count), null, [.. known.Select(count => count!.Value + 1)])
            : (BlockShape.Row(numbers + known.Sum(count => count!.Value)), null, []);
    }

    private BlockShape? Image(List<Column> features)
    {
        var picture = features.Find(column => column.Type is ColumnType.Image or ColumnType.Tensor);
        if (picture is null)
        {
            var (pixels, channels) = (features.Count, _input.Channels ?? 1);
            var height = _input.Height ?? (_input.Width is { } given ? pixels / channels / given : (int)Math.Sqrt(pixels / channels));
            var width = _input.Width ?? (height == 0 ? 0 : pixels / channels / height);
            return height * width * channels == pixels
                ? BlockShape.Image(channels, height, width)
                : throw new InvalidException($"{pixels} input columns are no image of input.height {height} x input.width {width} x input.channels {channels}. Give the three so that their product is {pixels}.");
        }

        if (picture.Type is ColumnType.Tensor)
        {
            return TensorShape.Parse(picture.Tensor).Sizes switch
            {
                [var width] => BlockShape.Image(1, 1, width),
                [var height, var width] => BlockShape.Image(1, height, width),
                [var height, var width, var channels and (1 or 3)] => BlockShape.Image(channels, height, width),
                [var channels and (1 or 3), var height, var width] => BlockShape.Image(channels, height, width),
                _ => throw new InvalidException($"Column '{picture.Name}' is {picture.Tensor}, which is no image. Set input.kind to 'series', or name other columns as input.columns."),
            };
        }

        var sizes = _statistics.GetValueOrDefault(picture.Name)?.Image;
        if (_input.Height is null || _input.Width is null || _input.Channels is null)
        {
            _notes.Add($"Images are taken to be as the largest of column '{picture.Name}', up to {GreatestSide} pixels a side, and of 3 channels; the first training image decides. Set input.height, input.width and input.channels to decide it now.");
        }

        return (_input.Height ?? Side(sizes?.Height), _input.Width ?? Side(sizes?.Width)) is (int rows, int columns)
            ? BlockShape.Image(_input.Channels ?? 3, rows, columns)
            : null;
    }

    private static int? Side(LengthStatistics? lengths) => lengths is null ? null : (int)Math.Min(GreatestSide, lengths.Max);

    private BlockShape? Series(List<Column> features)
    {
        if (features is [{ Type: ColumnType.Tensor } tensor])
        {
            return TensorShape.Parse(tensor.Tensor).Sizes switch
            {
                [var steps] => BlockShape.Series(steps, 1, padded: false),
                [var steps, var width] => BlockShape.Series(steps, width, padded: false),
                _ => throw new InvalidException($"Column '{tensor.Name}' is {tensor.Tensor}, which is no series. Series are tensors of [steps] or [steps, width]."),
            };
        }

        if (features.Exists(column => column.Type is not (ColumnType.Int64 or ColumnType.Float64 or ColumnType.Bool)))
        {
            _notes.Add("How long a series is that stands as text in a column is not known before rows are read.");
            return null;
        }

        var count = _input.Steps ?? features.Count;
        return features.Count % count == 0
            ? BlockShape.Series(count, features.Count / count, padded: false)
            : throw new InvalidException($"input.steps is {count}, which does not divide the {features.Count} input columns.");
    }

    private long Vocabulary()
    {
        if (_input.Tokenizer is "bytes" || (_input.Tokenizer is null && Head == "next-token"))
        {
            return Bytes;
        }

        var vocabulary = _input.Vocabulary ?? DefaultVocabulary;
        _notes.Add($"The vocabulary is taken to have {vocabulary} tokens, the most there can be; the training rows decide.");
        return vocabulary;
    }

    private long? Outputs(List<Column> targets, long? vocabulary)
    {
        switch (Head)
        {
            case "regression":
                return targets.Count;
            case "next-token":
                return vocabulary ?? 0;
            case "embedding":
                return _spec.Head?.Width ?? DefaultEmbedding;
            case "reconstruction":
                return 1;
        }

        if (Head == "label" && _statistics.GetValueOrDefault(targets[0].Name)?.Distinct is { } labels)
        {
            return labels;
        }

        _notes.Add($"How many labels column '{targets[0].Name}' has is not known before rows are read.");
        return null;
    }

    private Column Find(string name, string path) => _schema.FirstOrDefault(column => column.Name == name)
        ?? throw new InvalidException($"{path} '{name}' is no column of the dataset. Columns: {string.Join(", ", _schema.Select(column => column.Name))}.");

    private static string Names(List<Column> columns) => columns.Count == 1 ? $"column '{columns[0].Name}'" : $"{columns.Count} columns";
}
