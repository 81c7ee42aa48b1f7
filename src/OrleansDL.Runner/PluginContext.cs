using OrleansDL.Training;

namespace OrleansDL.Runner;

/// <summary>What a plug-in is given.</summary>
internal sealed class PluginContext(RunnerEnvironment environment, Reporter reporter, Checkpoints checkpoints, TrainingHooks hooks, TimeProvider time) : ITrainingContext
{
    private const string First = "checkpoint.safetensors";

    public RunnerAssignment Assignment => environment.Assignment;

    public string DataFolder => environment.DataFolder;

    public string OutputFolder => environment.OutputFolder;

    public string CheckpointFolder => environment.CheckpointFolder;

    public string? Checkpoint { get; } = Path.Combine(environment.CheckpointFolder, First) is var path && File.Exists(path) ? path : null;

    public string Device => environment.Device;

    public bool TakeCheckpointRequest() => hooks.TakeCheckpointRequest();

    public void Metric(string name, long step, double value) =>
        reporter.Metrics([new MetricPoint { Name = name, Step = step, Value = value, Time = time.GetUtcNow() }]);

    public void Progress(long step, long totalSteps) => reporter.Progress([], new RunProgress { Step = step, TotalSteps = totalSteps });

    public void Log(string line) => reporter.Log(line);

    public void CheckpointReady(long step, string path) => checkpoints.Written(new WrittenCheckpoint(step, path, Score: null));
}
