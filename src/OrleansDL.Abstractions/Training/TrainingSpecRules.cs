using System.Globalization;

namespace OrleansDL.Training;

/// <summary>What a training spec must keep to before any data is seen. The server checks at the edge, the runner once more.</summary>
public static class TrainingSpecRules
{
    private static readonly string[] Families = ["mlp", "cnn", "textbag"];
    private static readonly string[] Kinds = ["table", "image", "text"];
    private static readonly string[] Activations = ["relu", "gelu", "tanh"];
    private static readonly string[] Optimizers = ["sgd", "adam", "adamw"];
    private static readonly string[] Splits = ["row", "key", "column"];

    /// <exception cref="InvalidException">The message begins with the JSON path of what is wrong.</exception>
    public static void Check(TrainingSpec spec)
    {
        if (spec.Name is not null)
        {
            Names.Check(spec.Name, "training run");
        }

        Require(!string.IsNullOrWhiteSpace(spec.Dataset), "dataset is missing. Give a dataset reference, for example 'digits' or 'digits@v3'.");
        Require(Enum.IsDefined(spec.Program), $"program '{spec.Program}' is unknown. Programs: train, evaluate.");
        Range("slots", spec.Slots, 1, 1024);
        Range("threads", spec.Threads, 1, 1024);
        Require(!string.IsNullOrWhiteSpace(spec.Pool), "pool is empty. Leave it out for the pool 'default'.");
        if (spec.Program is TrainingProgram.Evaluate)
        {
            CheckEvaluation(spec);
        }
        else
        {
            CheckTraining(spec);
        }

        CheckInput(spec.Input);
        CheckReader(spec.Reader);
    }

    private static void CheckEvaluation(TrainingSpec spec)
    {
        Require(!string.IsNullOrWhiteSpace(spec.Model), "model is missing. program 'evaluate' needs the model version to judge, for example 'digits@3'.");
        Require(spec.Network is null, "network does not belong to program 'evaluate': the model has its own. Take it out.");
        Require(spec.RegisterAs is null, "registerAs does not belong to program 'evaluate': it makes no model. Take it out.");
    }

    private static void CheckTraining(TrainingSpec spec)
    {
        Require(spec.Model is null, "model belongs to program 'evaluate'. Set program to 'evaluate', or take it out.");
        if (spec.RegisterAs is not null)
        {
            Names.Check(spec.RegisterAs, "model");
        }

        Range("epochs", spec.Epochs, 1, 1_000_000);
        Range("batchSize", spec.BatchSize, 1, 1_000_000);
        Range("validationFraction", spec.ValidationFraction, 0, 0.9);
        Range("checkpointSeconds", spec.CheckpointSeconds, 0.05, 86_400);
        Range("learningRate", spec.LearningRate, 1e-12, 1000);
        Range("weightDecay", spec.WeightDecay, 0, 1);
        OneOf("optimizer", spec.Optimizer, Optimizers, "Optimizers");
        CheckNetwork(spec.Network ?? throw new InvalidException("network is missing. Give one, for example {\"family\": \"mlp\"}. Families: mlp, cnn, textbag."));
        CheckFit(spec.Network!.Family, spec.Input?.Kind);
    }

    private static void CheckNetwork(NetworkSpec network)
    {
        OneOf("network.family", network.Family, Families, "Families");
        Sizes("network.hidden", network.Hidden, 8192);
        Sizes("network.channels", network.Channels, 1024);
        Range("network.dropout", network.Dropout, 0, 0.9);
        Range("network.embedding", network.Embedding, 1, 4096);
        Range("network.kernel", network.Kernel, 1, 11);
        Require(network.Kernel is null || network.Kernel % 2 == 1, $"network.kernel is {network.Kernel}. Give an odd number from 1 to 11.");
        if (network.Activation is not null)
        {
            OneOf("network.activation", network.Activation, Activations, "Activations");
        }

        Belongs(network, "channels", network.Channels is not null, "cnn");
        Belongs(network, "kernel", network.Kernel is not null, "cnn");
        Belongs(network, "batchNorm", network.BatchNorm is not null, "cnn");
        Belongs(network, "embedding", network.Embedding is not null, "textbag");
    }

    private static void CheckFit(string family, string? kind) => Require(
        (family, kind) is (_, null) or ("mlp", "table" or "image") or ("cnn", "image") or ("textbag", "text"),
        $"network.family '{family}' does not take input.kind '{kind}'. mlp takes table and image, cnn takes image, textbag takes text.");

    private static void CheckInput(InputSpec? input)
    {
        if (input is null)
        {
            return;
        }

        if (input.Kind is not null)
        {
            OneOf("input.kind", input.Kind, Kinds, "Kinds");
        }

        Require(input.Label is not "", "input.label is empty. Leave it out for the last column.");
        Require(input.Columns is null or { Count: > 0 }, "input.columns is empty. Leave it out to take every column but the label.");
        Require(input.Columns is null || input.Columns.Distinct(StringComparer.Ordinal).Count() == input.Columns.Count, "input.columns names a column twice.");
        Range("input.height", input.Height, 1, 4096);
        Range("input.width", input.Width, 1, 4096);
        Require(input.Channels is null or 1 or 3, $"input.channels is {input.Channels}. Give 1 for grey or 3 for colour.");
        Range("input.scale", input.Scale, 1e-12, 1e12);
        Range("input.maxTokens", input.MaxTokens, 1, 4096);
        Range("input.vocabulary", input.Vocabulary, 3, 10_000_000);
    }

    private static void CheckReader(ReaderSpec? reader)
    {
        if (reader is null)
        {
            return;
        }

        Range("reader.memoryBytes", reader.MemoryBytes, 0, 1L << 50);
        Range("reader.threads", reader.Threads, 1, 64);
        Range("reader.canonicalNodes", reader.CanonicalNodes, 1, 64);
        if (reader.Split is not { } split)
        {
            return;
        }

        OneOf("reader.split.by", split.By, Splits, "Splits");
        Require(split.By == "row" || !string.IsNullOrEmpty(split.Column), $"reader.split.column is missing. reader.split.by '{split.By}' needs the column it goes by.");
        Require(split.By != "row" || split.Column is null, "reader.split.column does not belong to reader.split.by 'row'. Take it out, or set reader.split.by to 'key' or 'column'.");
        Require(
            split.By == "column" || (split.Training ?? split.Validation) is null,
            "reader.split.training and reader.split.validation belong to reader.split.by 'column'. Take them out, or set it.");
        Require(split.Training is null or { Count: > 0 }, "reader.split.training is empty. Name the values of rows to train on, or leave it out for 'train'.");
        Require(
            !(split.Training ?? ["train"]).Intersect(split.Validation ?? ["validation"], StringComparer.Ordinal).Any(),
            "reader.split.training and reader.split.validation name the same value: a row would be on both sides. Name each value once.");
    }

    private static void Belongs(NetworkSpec network, string parameter, bool given, string family) => Require(
        !given || network.Family == family,
        $"network.{parameter} does not belong to network.family '{network.Family}', only to '{family}'. Take it out.");

    private static void Sizes(string path, IReadOnlyList<int>? sizes, int greatest)
    {
        if (sizes is null)
        {
            return;
        }

        Range($"{path}.length", sizes.Count, 1, 16);
        foreach (var (index, size) in sizes.Index())
        {
            Range($"{path}[{index}]", size, 1, greatest);
        }
    }

    private static void OneOf(string path, string? value, string[] allowed, string title) =>
        Require(allowed.Contains(value), $"{path} '{value}' is unknown. {title}: {string.Join(", ", allowed)}.");

    private static void Range(string path, double? value, double least, double greatest)
    {
        if (value is { } number)
        {
            Require(
                number >= least && number <= greatest,
                string.Create(CultureInfo.InvariantCulture, $"{path} is {number}. Give a number from {least} to {greatest}."));
        }
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new InvalidException(message);
        }
    }
}
