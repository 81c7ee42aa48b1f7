using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansDL.Datasets;

namespace OrleansDL.Training;

/// <summary>Whether a run may go on from a checkpoint of another: what decides the weights' shape and the place in the data must be the same.</summary>
internal static class ForkRules
{
    private static readonly string[] Same =
        ["network", "initialize", "input", "head", "validationFraction", "batchSize", "accumulate", "optimizer", "optimizerSettings", "precision", "seed", "reader.split", "reader.canonicalNodes"];

    /// <returns>The checkpoint it goes on from.</returns>
    /// <exception cref="OrleansDLException">It may not; the message says why.</exception>
    public static Checkpoint Choose(TrainingSpec spec, DatasetVersion dataset, TrainingRun source, IReadOnlyList<Checkpoint> checkpoints)
    {
        if (spec.Program is not TrainingProgram.Train || source.Spec.Program is not TrainingProgram.Train)
        {
            throw new InvalidException("fork belongs to program 'train', and to runs of it. Take it out.");
        }

        if (dataset.Commit != source.DatasetCommit)
        {
            throw new InvalidException($"fork: the dataset is {dataset.DatasetName}@v{dataset.Version}, and run '{source.Name}' is trained on {source.DatasetName}@v{source.DatasetVersion}: a checkpoint holds a place in its own rows. Name that version as dataset.");
        }

        var (mine, other) = (JsonSerializer.SerializeToNode(spec, OdlJson.Options)!, JsonSerializer.SerializeToNode(source.Spec, OdlJson.Options)!);
        var different = Same.Where(path => !JsonNode.DeepEquals(At(mine, path), At(other, path))).ToList();
        if (different.Count > 0)
        {
            throw new InvalidException($"fork: {string.Join(", ", different)} differ from those of run '{source.Name}': its checkpoints hold what belongs to its own. Take them from that run, or start a new run.");
        }

        return checkpoints.LastOrDefault(checkpoint => spec.Fork!.Step is null || checkpoint.Step == spec.Fork.Step)
            ?? throw new ConflictException(checkpoints.Count == 0
                ? $"Training run '{source.Name}' keeps no checkpoint. A run that sets checkpoints keeps some after its end."
                : $"Training run '{source.Name}' keeps no checkpoint of step {spec.Fork!.Step}. It has those of steps {string.Join(", ", checkpoints.Select(checkpoint => checkpoint.Step))}.");
    }

    private static JsonNode? At(JsonNode spec, string path) => path.Split('.').Aggregate((JsonNode?)spec, (node, name) => node?[name]);
}
