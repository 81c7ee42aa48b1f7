namespace OrleansDL.Training;

/// <summary>Where a run stands besides its tensors; kept as JSON in a checkpoint.</summary>
internal sealed record TrainingState
{
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

    /// <summary>Epoch of the best validation accuracy so far.</summary>
    public EpochMetrics? Best { get; init; }
}
