using Orleans.Concurrency;
using OrleansDL.Datasets;
using OrleansDL.Lineage;
using OrleansDL.Projects;
using OrleansDL.Serving;

namespace OrleansDL.Models;

[GrainType("lineage"), StatelessWorker]
internal sealed class LineageGrain(LineageLog lineage, NameTable names) : Grain, ILineageGrain
{
    private const string Forms = "an inference id, dataset:NAME@v2, run:NAME, model:NAME@3, model:NAME@ALIAS, deployment:NAME, or the id of a node";

    private string Project => this.GetPrimaryKeyString();

    public async Task<LineageGraph> WalkAsync(string reference, LineageDirection direction, int maximumDepth)
    {
        if (maximumDepth is < 1 or > LineageLog.MaximumDepth)
        {
            throw new InvalidException($"A depth of {maximumDepth} is out of range: 1 to {LineageLog.MaximumDepth}.");
        }

        if (!Enum.IsDefined(direction))
        {
            throw new InvalidException("The direction is 'up' (to the sources) or 'down' (to live deployments).");
        }

        return Guid.TryParse(reference, out var id) && InferenceId.GenerationOf(id) is { } generation
            && await lineage.FindAsync(Project, $"generation:{generation}") is { } answering
                ? await WalkFromInferenceAsync(id, answering, direction, maximumDepth)
                : await lineage.WalkAsync(Project, await FindAsync(reference), direction, maximumDepth);
    }

    // No row was written for the inference: its id carries the generation that answered, and everything else follows from that.
    private async Task<LineageGraph> WalkFromInferenceAsync(Guid id, LineageNode generation, LineageDirection direction, int maximumDepth)
    {
        var time = DateTimeOffset.FromUnixTimeMilliseconds(Convert.ToInt64(id.ToString("N")[..12], 16));
        var root = new LineageNode { Id = $"inference:{id}", Kind = "inference", Title = $"{id} at {time:yyyy-MM-dd HH:mm:ss}Z" };
        if (direction is LineageDirection.Down)
        {
            return new LineageGraph { Root = root, Nodes = [root], Edges = [] };
        }

        var above = await lineage.WalkAsync(Project, generation, direction, maximumDepth - 1);
        return above with
        {
            Root = root,
            Nodes = [root, .. above.Nodes.Select(node => node with { Depth = node.Depth + 1 })],
            Edges = [new LineageEdge { Source = generation.Id, Target = root.Id, Role = "answered", Time = time }, .. above.Edges],
        };
    }

    private async Task<LineageNode> FindAsync(string reference)
    {
        var colon = reference.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0)
        {
            throw Guid.TryParse(reference, out _)
                ? new NotFoundException($"No deployment of project '{Project}' has answered an inference {reference}. Take the inferenceId of a prediction of this project.")
                : new InvalidException($"'{reference}' names nothing in the lineage. It is {Forms}.");
        }

        var (kind, name) = (reference[..colon], reference[(colon + 1)..]);
        var id = kind switch
        {
            "dataset" => $"dataset-version:{(await GrainFactory.GetGrain<IDatasetsGrain>(Project).DescribeAsync(name)).Commit}",
            "run" when !Guid.TryParse(name, out _) => $"run:{await names.ResolveAsync(Project, ThingKind.TrainingRun, name)}",
            "model" => await ModelVersionAsync(name),
            "deployment" when !Guid.TryParse(name, out _) => $"deployment:{await names.ResolveAsync(Project, ThingKind.Deployment, name)}",
            _ => reference,
        };
        return await lineage.FindAsync(Project, id)
            ?? throw new NotFoundException($"The lineage of project '{Project}' has no node '{id}'. A reference is {Forms}.");
    }

    private async Task<string> ModelVersionAsync(string reference)
    {
        var version = await GrainFactory.GetGrain<IModelsGrain>(Project).ResolveAsync(reference);
        return $"model-version:{version.Model}/{version.Version}";
    }
}
