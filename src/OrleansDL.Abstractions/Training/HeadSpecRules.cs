using static OrleansDL.Training.SpecCheck;

namespace OrleansDL.Training;

/// <summary>What a head spec and an evaluation spec must keep to before any data is seen.</summary>
internal static class HeadSpecRules
{
    private static readonly string[] Kinds = ["label", "labels", "regression", "sequence", "next-token", "embedding", "reconstruction"];
    private static readonly string[] Losses = ["mse", "mae", "huber"];

    public static void Check(TrainingSpec spec)
    {
        if (spec.Evaluation?.Slices is { } slices)
        {
            Range("evaluation.slices.length", slices.Count, 1, 8);
            Require(slices.Distinct(StringComparer.Ordinal).Count() == slices.Count, "evaluation.slices names a column twice.");
        }

        if (spec.Head is not { } head)
        {
            return;
        }

        Require(spec.Program is TrainingProgram.Train, "head does not belong to program 'evaluate': the model has its own. Take it out.");
        OneOf("head.kind", head.Kind, Kinds, "Kinds");
        CheckColumns(head, spec.Input);
        CheckBelonging(head);
        Weights("head.classWeights", head.ClassWeights, 0);
        Weights("head.positiveWeights", head.PositiveWeights, 1e-6);
        Require(head.ClassWeights is null || !head.Balanced, "head.classWeights and head.balanced both say how much labels count. Give one of them.");
        Require(head.PositiveWeights is null || !head.Balanced, "head.positiveWeights and head.balanced both say how much labels count. Give one of them.");
        Range("head.labelSmoothing", head.LabelSmoothing, 0, 0.999);
        Range("head.focalGamma", head.FocalGamma, 0, 10);
        Range("head.threshold", head.Threshold, 0, 1);
        Range("head.huberDelta", head.HuberDelta, 1e-6, 1e6);
        Range("head.width", head.Width, 1, 8192);
        Range("head.temperature", head.Temperature, 1e-3, 10);
        if (head.Loss is not null)
        {
            OneOf("head.loss", head.Loss, Losses, "Losses");
        }

        Require(head.HuberDelta is null || head.Loss is "huber", "head.huberDelta belongs to head.loss 'huber'. Set it, or take huberDelta out.");
    }

    private static void CheckColumns(HeadSpec head, InputSpec? input)
    {
        if (head.Columns is not { } columns)
        {
            return;
        }

        Require(columns.Count > 0, "head.columns is empty. Leave it out for input.label.");
        Require(head.Kind is not ("next-token" or "reconstruction"), $"head.columns does not belong to head.kind '{head.Kind}': the input is its own target. Take it out.");
        Require(columns.Count == 1 || head.Kind is "regression", $"head.columns names {columns.Count} columns, and head.kind '{head.Kind}' takes one.");
        Require(columns.Distinct(StringComparer.Ordinal).Count() == columns.Count, "head.columns names a column twice.");
        Require(input?.Label is null || (columns.Count == 1 && columns[0] == input.Label), "head.columns and input.label both name the target. Give one of them.");
    }

    private static void CheckBelonging(HeadSpec head)
    {
        var perLabel = head.Kind is "label" or "labels" or "sequence";
        Belongs(head, "classWeights", head.ClassWeights is not null, head.Kind is "label" or "sequence", "'label' and 'sequence'");
        Belongs(head, "balanced", head.Balanced, perLabel, "'label', 'labels' and 'sequence'");
        Belongs(head, "labelSmoothing", head.LabelSmoothing != 0, perLabel, "'label', 'labels' and 'sequence'");
        Belongs(head, "focalGamma", head.FocalGamma != 0, perLabel, "'label', 'labels' and 'sequence'");
        Belongs(head, "positiveWeights", head.PositiveWeights is not null, head.Kind is "labels", "'labels'");
        Belongs(head, "threshold", head.Threshold is not null, head.Kind is "labels", "'labels'");
        Belongs(head, "loss", head.Loss is not null, head.Kind is "regression", "'regression'");
        Belongs(head, "huberDelta", head.HuberDelta is not null, head.Kind is "regression", "'regression'");
        Belongs(head, "width", head.Width is not null, head.Kind is "embedding", "'embedding'");
        Belongs(head, "temperature", head.Temperature is not null, head.Kind is "embedding", "'embedding'");
    }

    private static void Belongs(HeadSpec head, string option, bool given, bool fits, string kinds) => Require(
        !given || fits,
        $"head.{option} does not belong to head.kind '{head.Kind}', only to {kinds}. Take it out.");

    private static void Weights(string path, IReadOnlyDictionary<string, double>? weights, double least)
    {
        foreach (var (label, weight) in weights ?? new Dictionary<string, double>())
        {
            Range($"{path}.{label}", weight, least, 10_000);
        }
    }
}
