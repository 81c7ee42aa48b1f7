using OrleansDL.Datasets.BatchPredictions;
using OrleansDL.Lineage;
using OrleansDL.Models;
using OrleansDL.Projects;
using OrleansDL.Training;

namespace OrleansDL.Datasets.Retention;

/// <summary>Who used versions of a dataset: the lineage tells of what was made of them, the list of runs of what is under way.</summary>
internal sealed class DatasetUsers(LineageLog lineage, NameTable names, ExpiryTable expiry, BatchPredictionTable predictions, IGrainFactory grains)
{
    private static readonly RunStatus[] Open = [RunStatus.New, RunStatus.Queued, RunStatus.Running, RunStatus.Cancelling];

    /// <returns>The users, and whether a version's lineage was too large to be walked to its end.</returns>
    public async Task<(IReadOnlyList<DatasetUser> Users, bool Truncated)> FindAsync(
        string project, IReadOnlyCollection<(long Version, BlobId Commit)> versions, CancellationToken cancellationToken)
    {
        var users = new List<DatasetUser>();
        var truncated = false;
        foreach (var (version, commit) in versions)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await lineage.FindAsync(project, DatasetLineage.NodeId(commit)) is not { } node)
            {
                continue;
            }

            var graph = await lineage.WalkAsync(project, node, LineageDirection.Down, LineageLog.MaximumDepth);
            truncated |= graph.Truncated;
            foreach (var (found, role) in Reached(graph))
            {
                // Answers were made of the rows, or by what was trained on them; they need neither any more.
                var answers = found.Kind == "dataset-version" && role.StartsWith("predicted-", StringComparison.Ordinal);
                users.Add(new DatasetUser
                {
                    Kind = answers ? "predictions" : found.Kind == "dataset-version" ? "snapshot" : found.Kind,
                    Id = found.Id,
                    Title = found.Title,
                    Version = version,
                    Live = !answers && await IsLiveAsync(found),
                });
            }
        }

        var byCommit = versions.ToDictionary(version => version.Commit, version => version.Version);
        foreach (var status in Open)
        {
            var page = new PageRequest { Size = PageRequest.MaximumSize };
            do
            {
                var runs = await grains.GetGrain<ITrainingRunsGrain>(project).ListAsync(status, page);
                users.AddRange(runs.Items.Where(run => byCommit.ContainsKey(run.DatasetCommit)).Select(run => new DatasetUser
                {
                    Kind = "run",
                    Id = $"run:{run.Id}",
                    Title = run.Name,
                    Version = byCommit[run.DatasetCommit],
                    Live = true,
                }));
                page = page with { Token = runs.NextPageToken };
            }
            while (page.Token is not null);
        }

        users.AddRange((await predictions.RunningAsync(project)).Where(running => byCommit.ContainsKey(running.Commit)).Select(running => new DatasetUser
        {
            Kind = "batch-prediction",
            Id = BatchPredictionWork.Owner(running.Id),
            Title = $"{running.Spec.Output} by {running.Spec.Deployment}",
            Version = byCommit[running.Commit],
            Live = true,
        }));
        return ([.. users.GroupBy(user => (user.Id, user.Version)).Select(same => same.OrderByDescending(user => user.Live).First())], truncated);
    }

    // A version made from this one by a commit is not a user: it may hold none of what is asked for, and is asked by itself.
    private static IEnumerable<(LineageNode Node, string Role)> Reached(LineageGraph graph)
    {
        var nodes = graph.Nodes.ToDictionary(node => node.Id, StringComparer.Ordinal);
        var edges = graph.Edges.Where(edge => edge.Role is not ("extends" or "rows-from")).ToLookup(edge => edge.Source, StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal) { graph.Root.Id };
        var front = new Queue<string>(seen);
        while (front.TryDequeue(out var id))
        {
            foreach (var edge in edges[id].Where(edge => seen.Add(edge.Target)))
            {
                front.Enqueue(edge.Target);
                if (nodes.TryGetValue(edge.Target, out var node) && node.Kind is "run" or "model-version" or "deployment" or "dataset-version")
                {
                    yield return (node, edge.Role);
                }
            }
        }
    }

    private async Task<bool> IsLiveAsync(LineageNode node)
    {
        var key = node.Id[(node.Id.IndexOf(':', StringComparison.Ordinal) + 1)..];
        return node.Kind switch
        {
            "model-version" => Guid.TryParse(key.Split('/')[0], out var model) && await names.FindAsync(ThingKind.Model, model) is not null,
            "deployment" => Guid.TryParse(key, out var deployment) && await names.FindAsync(ThingKind.Deployment, deployment) is not null,
            "dataset-version" => BlobId.TryParse(key, out var commit) && await expiry.IsThereAsync(commit),
            _ => false,
        };
    }
}
