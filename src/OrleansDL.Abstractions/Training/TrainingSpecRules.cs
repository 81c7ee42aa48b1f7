using static OrleansDL.Training.SpecCheck;

namespace OrleansDL.Training;

/// <summary>What a training spec must keep to before any data is seen. The server checks at the edge, the runner once more.</summary>
public static class TrainingSpecRules
{
    /// <exception cref="InvalidException">The message begins with the JSON path of what is wrong.</exception>
    public static void Check(TrainingSpec spec)
    {
        if (spec.Name is not null)
        {
            Names.Check(spec.Name, "training run");
        }

        Require(!string.IsNullOrWhiteSpace(spec.Dataset), "dataset is missing. Give a dataset reference, for example 'digits' or 'digits@v3'.");
        Require(Enum.IsDefined(spec.Program), $"program '{spec.Program}' is unknown. Programs: train, evaluate, code.");
        Range("slots", spec.Slots, 1, 1024);
        Range("threads", spec.Threads, 1, 1024);
        Require(!string.IsNullOrWhiteSpace(spec.Pool), "pool is empty. Leave it out for the pool 'default'.");
        CodeSpecRules.Check(spec);
        if (spec.Program is TrainingProgram.Evaluate)
        {
            CheckEvaluation(spec);
        }
        else if (spec.Program is TrainingProgram.Train)
        {
            CheckTraining(spec);
        }

        WorkersRules.Check(spec);
        SchedulingSpecRules.Check(spec);
        InputSpecRules.Check(spec.Input);
        HeadSpecRules.Check(spec);
        ReaderSpecRules.Check(spec.Reader);
        InitializeSpecRules.Check(spec);
    }

    private static void CheckEvaluation(TrainingSpec spec)
    {
        Require(!string.IsNullOrWhiteSpace(spec.Model), "model is missing. program 'evaluate' needs the model version to judge, for example 'digits@3'.");
        Require(spec.Network is null, "network does not belong to program 'evaluate': the model has its own. Take it out.");
        Require(spec.RegisterAs is null, "registerAs does not belong to program 'evaluate': it makes no model. Take it out.");
        Require(spec.Precision is null or "fp32", "precision does not belong to program 'evaluate': a model is judged as it is served, in 32 bits. Take it out.");
        Require(spec.RateFinder is null, "rateFinder does not belong to program 'evaluate'. Take it out.");
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
        Require(
            spec.CheckpointSeconds is 0 or (>= 0.05 and <= 86_400),
            string.Create(System.Globalization.CultureInfo.InvariantCulture, $"checkpointSeconds is {spec.CheckpointSeconds}. Give a number from 0.05 to 86400, or 0 to have it decided."));
        Range("learningRate", spec.LearningRate, 1e-12, 1000);
        Range("weightDecay", spec.WeightDecay, 0, 1);
        LoopSpecRules.Check(spec);
        NetworkSpecRules.Check(spec.Network ?? throw new InvalidException("network is missing. Give one, for example {\"family\": \"mlp\"}. Families: " + string.Join(", ", Networks.NetworkFamily.Names) + "."));
        NetworkSpecRules.CheckFit(spec.Network!.Family, spec.Input?.Kind);
    }
}
