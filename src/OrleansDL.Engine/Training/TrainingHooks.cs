namespace OrleansDL.Training;

/// <summary>How a training loop is heard and told. The handlers return at once: they run on the training thread, but for <see cref="Checkpointed"/>.</summary>
public sealed class TrainingHooks
{
    private volatile bool _stop;
    private volatile bool _checkpoint;

    public Action<IReadOnlyList<MetricPoint>, RunProgress>? Progressed { get; init; }

    public Action<string>? Logged { get; init; }

    /// <summary>A checkpoint is complete. Called on the thread that wrote it.</summary>
    public Action<WrittenCheckpoint>? Checkpointed { get; init; }

    /// <summary>It was told to stop.</summary>
    public Action? Stopped { get; init; }

    /// <summary>Asks for a checkpoint and the end after the step that is running.</summary>
    public void Stop()
    {
        _stop = true;
        Stopped?.Invoke();
    }

    /// <summary>Asks for a checkpoint after the step that is running.</summary>
    public void Checkpoint() => _checkpoint = true;

    /// <summary>Whether it was told to stop.</summary>
    public bool IsStopping => _stop;

    /// <summary>Whether a checkpoint was asked for since the last look.</summary>
    public bool TakeCheckpointRequest()
    {
        var wanted = _checkpoint;
        _checkpoint = false;
        return wanted;
    }
}
