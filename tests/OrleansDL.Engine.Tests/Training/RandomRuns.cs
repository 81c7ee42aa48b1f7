using OrleansDL.Data;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

/// <summary>Specs drawn at random of all that a checkpoint must hold: networks, optimizers, schedules, accumulation, augmentation, guards.</summary>
internal static class RandomRuns
{
    private static readonly InputSpec Pixels = new() { Kind = "image", Height = 8, Width = 8 };

    /// <summary>A run of two epochs over the digits.</summary>
    public static TrainingSpec Draw(Xoshiro random)
    {
        T Of<T>(params T[] choices) => choices[random.Next((ulong)choices.Length)];
        var family = Of("mlp", "cnn", "separable", "resnet", "encoder", "lstm", "gru", "tcn");
        var rows = family is "encoder" or "lstm" or "gru" or "tcn";
        return Assignments.Spec(family) with
        {
            Epochs = 2,
            ValidationFraction = 0.1,
            CheckpointSeconds = 86_400,
            Network = Network(family, Of(8, 16), Of(0, 0.2, 0.5)),
            Input = rows ? new InputSpec { Kind = "table" } : Pixels,
            Optimizer = Of("sgd", "adam", "adamw", "rmsprop", "lion"),
            WeightDecay = Of(0, 0.01),
            OptimizerSettings = Of(null, new OptimizerSettings { DecayBiases = false }),
            Schedule = Of(null, new ScheduleSpec { Kind = "cosine", WarmupSteps = 3 }, new ScheduleSpec { Kind = "onecycle" }),
            Clip = Of(null, new ClipSpec { Norm = 1 }),
            BatchSize = Of(16, 23, 32),
            Accumulate = Of<int?>(null, 2),
            EmaDecay = Of<double?>(null, 0.9),
            Export = Of(null, "best"),
            Guard = Of(null, new GuardSpec { SpikeFactor = 1.2, Window = 8, Limit = 1000 }, new GuardSpec { Action = "rollback", SpikeFactor = 1.1, Window = 8, GoodSteps = 3, Limit = 1000 }),
            Augment = Of(null, rows ? null : new AugmentSpec { Crop = 1, FlipHorizontal = true, Rotate = 10 }, new AugmentSpec { Brightness = rows ? null : 0.1, Contrast = rows ? null : 0.2, Mixup = 0.4 }),
            Reader = Of(null, new ReaderSpec { MemoryBytes = 0, Threads = 3 }),
            Precision = Of(null, "bf16"),

            // Wide enough for each of them to find one: a run that finds none does not begin.
            RateFinder = family is "mlp" or "cnn" ? Of(null, new RateFinderSpec { Least = 1e-4, Greatest = 3, Steps = 40 }) : null,
        };
    }

    private static NetworkSpec Network(string family, int width, double dropout) => family switch
    {
        "mlp" or "cnn" => new() { Family = family, Hidden = [width], Dropout = dropout },
        "separable" => new() { Family = family, Channels = [width, 16], Dropout = dropout },
        "resnet" => new() { Family = family, Width = width, Dropout = dropout },
        "encoder" => new() { Family = family, Width = width, Layers = 1, AttentionHeads = 2, Steps = 8, Dropout = dropout },
        "tcn" => new() { Family = family, Channels = [width, width], Steps = 8, Dropout = dropout },
        _ => new() { Family = family, Width = width, Steps = 8, Dropout = dropout },
    };
}
