using static OrleansDL.Training.SpecCheck;

namespace OrleansDL.Training;

/// <summary>What a spec must keep to about the training loop: optimizer, schedule, clipping, accumulation.</summary>
internal static class LoopSpecRules
{
    private static readonly string[] Optimizers = ["sgd", "adam", "adamw", "rmsprop", "lion"];
    private static readonly string[] Schedules = ["constant", "step", "cosine", "onecycle", "linear", "polynomial"];
    private static readonly string[] Exports = ["last", "best"];
    private static readonly string[] Precisions = ["fp32", "bf16"];
    private static readonly string[] Nexts = ["train", "stop"];
    private static readonly string[] GuardActions = ["skip", "rollback", "stop"];

    public static void Check(TrainingSpec spec)
    {
        OneOf("optimizer", spec.Optimizer, Optimizers, "Optimizers");
        CheckOptimizer(spec.Optimizer, spec.OptimizerSettings);
        CheckSchedule(spec.Schedule);
        Range("clip.norm", spec.Clip?.Norm, 1e-6, 1e6);
        Range("clip.value", spec.Clip?.Value, 1e-6, 1e6);
        Range("accumulate", spec.Accumulate, 1, 10_000);
        Range("emaDecay", spec.EmaDecay, 0, 0.999999);
        Range("earlyStop.patience", spec.EarlyStop?.Patience, 1, 100_000);
        Range("earlyStop.minDelta", spec.EarlyStop?.MinDelta, 0, 1e12);
        OneOf("export", spec.Export ?? "last", Exports, "Exports");
        Require(
            spec.Metric is null or "train.loss" || spec.Metric.StartsWith("validation.", StringComparison.Ordinal),
            $"metric '{spec.Metric}' is unknown. Give train.loss or a metric of an epoch, for example validation.loss.");
        Range("checkpoints.keepLast", spec.Checkpoints?.KeepLast, 1, 100);
        Range("checkpoints.keepBest", spec.Checkpoints?.KeepBest, 0, 100);
        Range("checkpoints.lossSeconds", spec.Checkpoints?.LossSeconds, 60, 1e9);
        Require(spec.Fork is null or { Run.Length: > 0 }, "fork.run is missing. Name the run whose checkpoint this one goes on from.");
        OneOf("precision", spec.Precision ?? "fp32", Precisions, "Precisions");
        CheckFinder(spec);
        CheckGuard(spec.Guard);
        CheckAugment(spec.Augment);
    }

    private static void CheckFinder(TrainingSpec spec)
    {
        if (spec.RateFinder is not { } finder)
        {
            return;
        }

        Range("rateFinder.least", finder.Least, 1e-12, 1000);
        Range("rateFinder.greatest", finder.Greatest, 1e-12, 1000);
        Require((finder.Least ?? 1e-7) < (finder.Greatest ?? 10), "rateFinder.least is not below rateFinder.greatest. They are 1e-7 and 10 unless given.");
        Range("rateFinder.steps", finder.Steps, 20, 10_000);
        OneOf("rateFinder.then", finder.Then ?? "train", Nexts, "Choices");
        Require(spec.Fork is null, "rateFinder belongs to a run that begins anew, and fork goes on from a checkpoint. Take one of them out.");
        Require(finder.Then != "stop" || spec.RegisterAs is null, "registerAs does not belong to rateFinder.then 'stop', which leaves no model. Take it out.");
    }

    private static void CheckGuard(GuardSpec? guard)
    {
        if (guard is null)
        {
            return;
        }

        OneOf("guard.action", guard.Action, GuardActions, "Actions");
        Range("guard.spikeFactor", guard.SpikeFactor, 1.1, 1e6);
        Range("guard.window", guard.Window, 8, 1024);
        Range("guard.goodSteps", guard.GoodSteps, 1, 100_000);
        Range("guard.limit", guard.Limit, 1, 100_000);
        Belongs("guard.goodSteps", guard.GoodSteps is not null, "guard.action", guard.Action, "rollback");
        Belongs("guard.limit", guard.Limit is not null, "guard.action", guard.Action, "skip", "rollback");
    }

    private static void CheckAugment(AugmentSpec? augment)
    {
        Range("augment.crop", augment?.Crop, 0, 256);
        Range("augment.rotate", augment?.Rotate, 0, 180);
        Range("augment.brightness", augment?.Brightness, 0, 1);
        Range("augment.contrast", augment?.Contrast, 0, 1);
        Range("augment.mixup", augment?.Mixup, 0.05, 1);
    }

    private static void CheckOptimizer(string optimizer, OptimizerSettings? settings)
    {
        if (settings is null)
        {
            return;
        }

        const string Path = "optimizerSettings.";
        Range(Path + "momentum", settings.Momentum, 0, 0.9999);
        Range(Path + "beta1", settings.Beta1, 0, 0.9999);
        Range(Path + "beta2", settings.Beta2, 0, 0.999999);
        Range(Path + "smoothing", settings.Smoothing, 0, 0.999999);
        Range(Path + "epsilon", settings.Epsilon, 1e-16, 1);
        Belongs(Path + "momentum", settings.Momentum is not null, "optimizer", optimizer, "sgd", "rmsprop");
        Belongs(Path + "nesterov", settings.Nesterov is not null, "optimizer", optimizer, "sgd");
        Belongs(Path + "beta1", settings.Beta1 is not null, "optimizer", optimizer, "adam", "adamw", "lion");
        Belongs(Path + "beta2", settings.Beta2 is not null, "optimizer", optimizer, "adam", "adamw", "lion");
        Belongs(Path + "smoothing", settings.Smoothing is not null, "optimizer", optimizer, "rmsprop");
        Belongs(Path + "epsilon", settings.Epsilon is not null, "optimizer", optimizer, "adam", "adamw", "rmsprop");
        Require(
            settings.Nesterov is not true || settings.Momentum is not 0,
            "optimizerSettings.nesterov needs a momentum above 0. Take momentum out for 0.9, or set nesterov to false.");
    }

    private static void CheckSchedule(ScheduleSpec? schedule)
    {
        if (schedule is null)
        {
            return;
        }

        OneOf("schedule.kind", schedule.Kind, Schedules, "Schedules");
        Range("schedule.warmupSteps", schedule.WarmupSteps, 0, 1_000_000_000);
        Range("schedule.warmupFraction", schedule.WarmupFraction, 0, 0.9);
        Range("schedule.finalFraction", schedule.FinalFraction, 0, 1);
        Range("schedule.everyEpochs", schedule.EveryEpochs, 1, 1_000_000);
        Range("schedule.factor", schedule.Factor, 0.0001, 1);
        Range("schedule.power", schedule.Power, 0.1, 10);
        Require(
            schedule.WarmupSteps is null || schedule.WarmupFraction is null,
            "schedule.warmupSteps and schedule.warmupFraction say the same thing twice. Take one of them out.");
        Require(schedule.Kind != "step" || schedule.EveryEpochs is not null, "schedule.everyEpochs is missing. schedule.kind 'step' needs the epochs between two steps.");
        Belongs("schedule.everyEpochs", schedule.EveryEpochs is not null, "schedule.kind", schedule.Kind, "step");
        Belongs("schedule.factor", schedule.Factor is not null, "schedule.kind", schedule.Kind, "step");
        Belongs("schedule.power", schedule.Power is not null, "schedule.kind", schedule.Kind, "polynomial");
        Belongs("schedule.finalFraction", schedule.FinalFraction is not null, "schedule.kind", schedule.Kind, "cosine", "linear", "polynomial", "onecycle");
    }

    private static void Belongs(string path, bool given, string what, string value, params string[] allowed) => Require(
        !given || allowed.Contains(value), $"{path} does not belong to {what} '{value}', only to {string.Join(", ", allowed)}. Take it out.");
}
