using System.Text.Json;
using OrleansDL.Models;

namespace OrleansDL.Datasets;

/// <summary>A version in the lineage graph: the version, what it extends, and the sources its rows came from.</summary>
internal static class DatasetLineage
{
    // An edge says the row ranges as long as a person could read them; the version's origins hold them all.
    private const int MaximumRanges = 100;

    public static string NodeId(BlobId commit) => $"dataset-version:{commit}";

    public static (IReadOnlyList<LineageNode> Nodes, IReadOnlyList<LineageEdge> Edges) Describe(DatasetVersion version)
    {
        var id = NodeId(version.Commit);
        var nodes = new List<LineageNode>
        {
            new()
            {
                Id = id,
                Kind = "dataset-version",
                Title = $"{version.DatasetName}@v{version.Version}",
                Properties = JsonSerializer.Serialize(
                    new { dataset = version.Dataset, version = version.Version, rows = version.Rows, bytes = version.Bytes, files = version.Files, content = version.Content },
                    OdlJson.Options),
            },
        };
        var edges = new List<LineageEdge>();
        if (version.Parent is { } parent)
        {
            edges.Add(new LineageEdge { Source = NodeId(parent), Target = id, Role = "extends", Time = version.CommittedAt });
        }

        foreach (var from in version.Selection?.Commits ?? [])
        {
            edges.Add(new LineageEdge
            {
                Source = NodeId(from.Commit),
                Target = id,
                Role = "selected-from",
                Time = version.CommittedAt,
                Properties = JsonSerializer.Serialize(new { rows = from.Rows }, OdlJson.Options),
            });
        }

        foreach (var source in version.Sources.GroupBy(source => source.Sha256))
        {
            var (first, ranges) = (source.First(), source.ToList());
            nodes.Add(new LineageNode
            {
                Id = $"source:{source.Key}",
                Kind = "source",
                Title = first.Uri,
                Properties = JsonSerializer.Serialize(new { sha256 = source.Key, bytes = first.Bytes, fetchedAt = first.FetchedAt }, OdlJson.Options),
            });
            edges.Add(new LineageEdge
            {
                Source = $"source:{source.Key}",
                Target = id,
                Role = "rows-from",
                Time = first.FetchedAt,
                Properties = JsonSerializer.Serialize(
                    new
                    {
                        firstRow = first.FirstRow,
                        rows = ranges.Sum(range => range.Rows),
                        ranges = ranges.Count > 1 ? ranges.Take(MaximumRanges).Select(range => new[] { range.FirstRow, range.Rows }) : null,
                    },
                    OdlJson.Options),
            });
        }

        return (nodes, edges);
    }
}
