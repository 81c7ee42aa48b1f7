namespace OrleansDL.Training;

/// <summary>Where a run stands besides its tensors; kept as JSON in a checkpoint.</summary>
internal sealed record TrainingState
{
    /// <summary>Value of <see cref="Randomness"/> when what is drawn follows from seed, epoch and sample.</summary>
    public const int Keyed = 2;

    /// <summary>Optimizer steps done.</summary>
    public long Step { get; init; }

    /// <summary>Epoch now, from 0.</summary>
    public int Epoch { get; init; }

    /// <summary>Batches of the epoch done.</summary>
    public int Position { get; init; }

    /// <summary>Sum and number of the losses of the epoch's batches so far.</summary>
    public double LossSum { get; init; }
    public long LossCount { get; init; }

    /// <summary>Seconds spent training, over all attempts.</summary>
    public double Seconds { get; init; }
    public IReadOnlyList<EpochMetrics> History { get; init; } = [];

    /// <summary>Where the randomness of blocks comes from: <see cref="Keyed"/>, or 1, libtorch's own generator, as in runs begun before samples had keys.</summary>
    public int Randomness { get; init; } = 1;

    /// <summary>What the guard of steps remembers.</summary>
    public GuardState Guard { get; init; } = new();

    /// <summary>The learning rate that the finder found; null: it was not looked for.</summary>
    public double? FoundRate { get; init; }

    /// <summary>The best epoch so far.</summary>
    public EpochMetrics? Best { get; init; }
}
