using OrleansDL.Datasets;

namespace OrleansDL.Training;

/// <summary>Asks for a run.</summary>
[GenerateSerializer, Immutable, Alias("training-spec")]
public sealed record TrainingSpec
{
    /// <summary>Name of the run; null: made from the dataset's name and the run's id.</summary>
    [Id(0)] public string? Name { get; init; }
    [Id(1)] public TrainingProgram Program { get; init; }

    /// <summary>Dataset reference, <c>name</c>, <c>name@v3</c>, <c>name@tag</c> or <c>name@sha256:...</c>; resolved when the run is created.</summary>
    [Id(2)] public required string Dataset { get; init; }

    /// <summary>train: the network. Required for it.</summary>
    [Id(3)] public NetworkSpec? Network { get; init; }
    [Id(4)] public InputSpec? Input { get; init; }

    /// <summary>Share of rows held out for validation, 0 to 0.9; which rows follows from the seed and the row's content.</summary>
    [Id(5)] public double ValidationFraction { get; init; } = 0.1;
    [Id(6)] public int Epochs { get; init; } = 10;
    [Id(7)] public int BatchSize { get; init; } = 32;

    /// <summary><c>sgd</c> (momentum 0.9), <c>adam</c>, <c>adamw</c>, <c>rmsprop</c> or <c>lion</c>.</summary>
    [Id(8)] public string Optimizer { get; init; } = "adam";
    [Id(9)] public double LearningRate { get; init; } = 1e-3;
    [Id(10)] public double WeightDecay { get; init; }
    [Id(11)] public long Seed { get; init; } = 1;

    /// <summary>Seconds between checkpoints, 0.05 to 86400; 0: what they cost and how often workers are lost decides (Young and Daly), 30 at most unless <c>checkpoints.lossSeconds</c> is given.</summary>
    [Id(12)] public double CheckpointSeconds { get; init; }

    /// <summary>Slots the run takes on one worker; of several workers, each.</summary>
    [Id(13)] public int Slots { get; init; } = 1;

    /// <summary>CPU threads of the run's process. The result is a function of the seed and this number.</summary>
    [Id(14)] public int Threads { get; init; } = 1;

    /// <summary>Free-form parameters, recorded with the run and its model.</summary>
    [Id(15)] public IReadOnlyDictionary<string, string>? Parameters { get; init; }

    /// <summary>evaluate: the model version, <c>name@3</c>, <c>name@alias</c>, <c>name</c> (newest). Required for it.</summary>
    [Id(16)] public string? Model { get; init; }

    /// <summary>train: name of the model the artifact is registered under as a new version; null: not registered.</summary>
    [Id(17)] public string? RegisterAs { get; init; }

    /// <summary>Pool whose workers may run it.</summary>
    [Id(18)] public string Pool { get; init; } = "default";

    /// <summary>Which of the dataset's rows; null: all of the version. Made into a snapshot when the run is created, and <see cref="Dataset"/> then names that.</summary>
    [Id(19)] public DatasetSelection? Selection { get; init; }

    /// <summary>train: split and reading ahead; null: the defaults.</summary>
    [Id(21)] public ReaderSpec? Reader { get; init; }

    /// <summary>train: weights to start from, and which of them stay; null: random ones.</summary>
    [Id(22)] public InitializeSpec? Initialize { get; init; }

    /// <summary>train: what the network is to answer; null: one label per row.</summary>
    [Id(23)] public HeadSpec? Head { get; init; }

    /// <summary>What is found out beyond the metrics of all rows together; null: nothing.</summary>
    [Id(24)] public EvaluationSpec? Evaluation { get; init; }

    /// <summary>train: what the optimizer is set to; null: its usual values.</summary>
    [Id(26)] public OptimizerSettings? OptimizerSettings { get; init; }

    /// <summary>train: how the learning rate moves; null: it stays.</summary>
    [Id(27)] public ScheduleSpec? Schedule { get; init; }

    /// <summary>train: bounds on the gradients; null: none.</summary>
    [Id(28)] public ClipSpec? Clip { get; init; }

    /// <summary>train: batches whose gradients make one step, 1 to 10000; null: 1. The step is that of one batch of all their rows, but for blocks that normalise over the batch.</summary>
    [Id(29)] public int? Accumulate { get; init; }

    /// <summary>train: share of the running mean of the weights that stays from step to step, 0 to 0.999999; null: none is kept. It is what is judged and exported. In the first steps less stays: (1 + step) / (10 + step) at most.</summary>
    [Id(30)] public double? EmaDecay { get; init; }

    /// <summary>train: the metric by which an epoch is better than another, <c>train.loss</c> or one of the epoch's <c>validation.*</c>; null: the head's own. Losses and errors are better when lower.</summary>
    [Id(31)] public string? Metric { get; init; }

    /// <summary>train: ends the run when <see cref="Metric"/> gets no better; null: all epochs are trained.</summary>
    [Id(32)] public EarlyStopSpec? EarlyStop { get; init; }

    /// <summary>train: which weights the artifact holds, <c>last</c> or those of the <c>best</c> epoch by <see cref="Metric"/>; null: last.</summary>
    [Id(33)] public string? Export { get; init; }

    /// <summary>train: what happens at a bad step; null: a loss that is no number fails the run.</summary>
    [Id(34)] public GuardSpec? Guard { get; init; }

    /// <summary>train: how rows are changed at random; null: not at all.</summary>
    [Id(35)] public AugmentSpec? Augment { get; init; }

    /// <summary>train: which checkpoints are kept; null: the newest, until the run ends.</summary>
    [Id(36)] public CheckpointSpec? Checkpoints { get; init; }

    /// <summary>train: the checkpoint of another run that this one goes on from; null: it begins anew. Network, input, data, optimizer, seed and batches must be the other run's.</summary>
    [Id(37)] public ForkSpec? Fork { get; init; }

    /// <summary>Higher goes first in its pool, -1000 to 1000; null: 0.</summary>
    [Id(40)] public int? Priority { get; init; }

    /// <summary>How long it takes at most, as its owner says; null: not said. It is not ended for taking longer; a true limit lets it start earlier, in a gap.</summary>
    [Id(41)] public double? TimeLimitSeconds { get; init; }

    /// <summary>Memory it needs on its worker, in MiB; null: not counted.</summary>
    [Id(42)] public long? MemoryMiB { get; init; }

    /// <summary>Kind of device it must run on, <c>cpu</c> or <c>cuda</c>; null: any of its pool.</summary>
    [Id(43)] public string? DeviceKind { get; init; }

    /// <summary>Whether it may be sent away, with a checkpoint, for a run that goes before it; null: it may.</summary>
    [Id(44)] public bool? Preemptible { get; init; }

    /// <summary>How often an attempt that failed is repeated. Null: twice when its process crashed, never when the program itself said that it failed.</summary>
    [Id(45)] public int? MaxRetries { get; init; }

    /// <summary>What becomes of it when its memory does not suffice; null: <see cref="OutOfMemory.Stop"/>.</summary>
    [Id(46)] public OutOfMemory? OnOutOfMemory { get; init; }

    /// <summary>Seconds without a report of progress after which its process is ended, with a record of what it did; null: 1800 for the built-in training, none for other programs.</summary>
    [Id(47)] public double? HangSeconds { get; init; }

    /// <summary>code: the program. Required for it.</summary>
    [Id(50)] public CodeSpec? Code { get; init; }

    /// <summary>train: looks for the learning rate, which then stands in for <see cref="LearningRate"/>; null: that is taken as it is.</summary>
    [Id(65)] public RateFinderSpec? RateFinder { get; init; }

    /// <summary>train: <c>fp32</c>, or <c>bf16</c>: forward and backward compute in bfloat16 but for normalisation and loss, from weights that are kept, moved and exported in 32 bits. Null: fp32.</summary>
    [Id(66)] public string? Precision { get; init; }

    /// <summary>train: number of workers that train it together, each on <see cref="Slots"/> slots with its share of every batch's rows, 1 to 64; null: 1.</summary>
    [Id(57)] public int? Workers { get; init; }

    /// <summary>train: number of workers that will do where its pool cannot hold <see cref="Workers"/>, 1 to that number; null: all of them. A pool that is only busy lets it wait for all.</summary>
    [Id(58)] public int? MinWorkers { get; init; }
}
