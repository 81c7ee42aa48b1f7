using OrleansDL.Expressions;

namespace OrleansDL.Workflows.Steps;

/// <summary>The kinds of steps there are.</summary>
internal static class StepSignatures
{
    private static readonly ExpressionType Metrics = ExpressionType.MapOf(ExpressionType.Dyn);

    public static readonly StepSignature Train = new(
        "train.run@1",
        new Dictionary<string, StepInput>
        {
            ["dataset"] = new(ExpressionType.String) { Required = true, Refers = "dataset" },
            ["selection"] = new(ExpressionType.MapOf(ExpressionType.Dyn)),
            ["network"] = new(ExpressionType.MapOf(ExpressionType.Dyn)) { Required = true },
            ["input"] = new(ExpressionType.MapOf(ExpressionType.Dyn)),
            ["epochs"] = new(ExpressionType.Int),
            ["batchSize"] = new(ExpressionType.Int),
            ["optimizer"] = new(ExpressionType.String),
            ["learningRate"] = new(ExpressionType.Double),
            ["weightDecay"] = new(ExpressionType.Double),
            ["seed"] = new(ExpressionType.Int),
            ["validationFraction"] = new(ExpressionType.Double),
            ["checkpointSeconds"] = new(ExpressionType.Double),
            ["slots"] = new(ExpressionType.Int),
            ["threads"] = new(ExpressionType.Int),
            ["pool"] = new(ExpressionType.String),
            ["registerAs"] = new(ExpressionType.String),
            ["params"] = new(ExpressionType.MapOf(ExpressionType.Dyn)),
        },
        new Dictionary<string, ExpressionType>
        {
            ["run"] = ExpressionType.String,
            ["model"] = ExpressionType.String,
            ["dataset"] = ExpressionType.String,
            ["metrics"] = Metrics,
        });

    public static readonly StepSignature Evaluate = new(
        "model.evaluate@1",
        new Dictionary<string, StepInput>
        {
            ["model"] = new(ExpressionType.String) { Required = true, Refers = "model" },
            ["dataset"] = new(ExpressionType.String) { Required = true, Refers = "dataset" },
            ["baseline"] = new(ExpressionType.String) { MayBeNull = true, Refers = "model" },
        },
        new Dictionary<string, ExpressionType>
        {
            ["model"] = ExpressionType.String,
            ["dataset"] = ExpressionType.String,
            ["baselineModel"] = ExpressionType.Dyn,
            ["metrics"] = Metrics,
            ["candidate"] = Metrics,
            ["baseline"] = ExpressionType.Dyn,
            ["run"] = ExpressionType.String,
            ["baselineRun"] = ExpressionType.Dyn,
        });

    public static readonly StepSignature Deploy = new(
        "model.deploy@1",
        new Dictionary<string, StepInput>
        {
            ["model"] = new(ExpressionType.String) { Required = true, Refers = "model" },
            ["deployment"] = new(ExpressionType.String),
            ["endpoint"] = new(ExpressionType.String),
            ["replicas"] = new(ExpressionType.Int),
            ["public"] = new(ExpressionType.Bool),
            ["alias"] = new(ExpressionType.String),
        },
        new Dictionary<string, ExpressionType>
        {
            ["deployment"] = ExpressionType.String,
            ["generation"] = ExpressionType.Int,
            ["model"] = ExpressionType.String,
            ["modelVersion"] = ExpressionType.Int,
        });

    public static readonly IReadOnlyDictionary<string, StepSignature> All =
        new[] { Train, Evaluate, Deploy }.ToDictionary(signature => signature.Uses, StringComparer.Ordinal);
}
