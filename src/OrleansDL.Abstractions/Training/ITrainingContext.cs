namespace OrleansDL.Training;

/// <summary>What a training program of yours is given, and whom it tells.</summary>
public interface ITrainingContext
{
    /// <summary>The run, its spec and the dataset version.</summary>
    RunnerAssignment Assignment { get; }

    /// <summary>Folder of the dataset version's files, or its shards. Read-only.</summary>
    string DataFolder { get; }

    /// <summary>Folder for what the run is to leave: the files directly in it become its artifact.</summary>
    string OutputFolder { get; }

    /// <summary>Folder for checkpoints. The file <c>checkpoint.safetensors</c> in it, whatever it holds, is the one this attempt goes on from.</summary>
    string CheckpointFolder { get; }

    /// <summary>The checkpoint this attempt goes on from; null: it begins.</summary>
    string? Checkpoint { get; }

    /// <summary><c>cpu</c> or <c>cuda:0</c>.</summary>
    string Device { get; }

    /// <summary>Set once when someone wants a checkpoint now; asking takes it back.</summary>
    bool TakeCheckpointRequest();

    /// <summary>Tells a metric's value at a step.</summary>
    void Metric(string name, long step, double value);

    /// <summary>Tells how far the program is.</summary>
    void Progress(long step, long totalSteps);

    /// <summary>Writes a line to the run's log.</summary>
    void Log(string line);

    /// <summary>Says that a file of the checkpoint folder is a whole checkpoint. It is taken away: write the next one under any name.</summary>
    void CheckpointReady(long step, string path);
}
