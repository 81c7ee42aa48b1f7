using System.Text.Json;
using OrleansDL.Models;

namespace OrleansDL.Training;

/// <summary>What a run adds to the lineage graph.</summary>
internal static class RunLineage
{
    public static IReadOnlyList<LineageNode> Nodes(TrainingRun run, ModelVersion? model)
    {
        var nodes = new List<LineageNode>
        {
            new()
            {
                Id = $"run:{run.Id}",
                Kind = "run",
                Title = run.Name,
                Properties = JsonSerializer.Serialize(
                    new { program = run.Spec.Program, status = run.Status, attempt = run.Attempt, seed = run.Spec.Seed, metrics = run.Metrics },
                    OdlJson.Options),
            },
            new() { Id = Dataset(run), Kind = "dataset-version", Title = $"{run.DatasetName}@v{run.DatasetVersion}" },
        };
        if (model is not null)
        {
            nodes.Add(new LineageNode { Id = Model(model), Kind = "model-version", Title = $"{model.ModelName}@{model.Version}" });
        }

        if (Weights(run) is { } weights)
        {
            nodes.Add(weights);
        }

        return nodes;
    }

    public static IReadOnlyList<LineageEdge> Edges(TrainingRun run, ModelVersion? model)
    {
        var target = $"run:{run.Id}";
        var evaluated = run.Spec.Program is TrainingProgram.Evaluate;
        var edges = new List<LineageEdge>
        {
            new() { Source = Dataset(run), Target = target, Role = evaluated ? "evaluated-on" : "trained-on", Time = run.CreatedAt },
        };
        if (model is not null)
        {
            edges.Add(new LineageEdge { Source = Model(model), Target = target, Role = evaluated ? "evaluated" : "initialized", Time = run.CreatedAt });
        }

        if (Weights(run) is { } weights)
        {
            edges.Add(new LineageEdge { Source = weights.Id, Target = target, Role = "initialized", Time = run.CreatedAt });
        }

        return edges;
    }

    /// <summary>The dataset version whose file the weights began from; it is named by its commit since the run was created.</summary>
    private static LineageNode? Weights(TrainingRun run) => run.Spec.Initialize?.Dataset?.Split('@') is [var name, var commit] && $"dataset-version:{commit}" != Dataset(run)
        ? new LineageNode { Id = $"dataset-version:{commit}", Kind = "dataset-version", Title = name }
        : null;

    private static string Dataset(TrainingRun run) => $"dataset-version:{run.DatasetCommit}";

    private static string Model(ModelVersion model) => $"model-version:{model.Model}/{model.Version}";
}
