using System.Text.Json;
using OrleansDL.Output;

namespace OrleansDL.Models;

/// <summary>Draws a lineage graph as a tree. What was drawn once is only named where it comes again.</summary>
internal static class LineageTree
{
    public static IEnumerable<string> Lines(LineageGraph graph, LineageDirection direction)
    {
        var nodes = graph.Nodes.Append(graph.Root).DistinctBy(n => n.Id).ToDictionary(n => n.Id, StringComparer.Ordinal);
        var next = graph.Edges
            .Select(e => direction is LineageDirection.Up ? (From: e.Target, To: e.Source, Role: Describe(e)) : (From: e.Source, To: e.Target, Role: Describe(e)))
            .Where(e => nodes.ContainsKey(e.To))
            .Distinct()
            .ToLookup(e => e.From, StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal) { graph.Root.Id };
        var lines = new List<string> { Describe(graph.Root) };
        Walk(graph.Root.Id, "");
        return lines;

        void Walk(string id, string indent)
        {
            var branches = next[id].ToArray();
            for (var i = 0; i < branches.Length; i++)
            {
                var last = i == branches.Length - 1;
                var (_, to, role) = branches[i];
                var known = !seen.Add(to);
                lines.Add($"{indent}{(last ? "└─ " : "├─ ")}{role}: {Describe(nodes[to])}{(known ? " (see above)" : "")}");
                if (!known)
                {
                    Walk(to, indent + (last ? "   " : "│  "));
                }
            }
        }
    }

    /// <summary>What an edge says, with the rows it is about.</summary>
    public static string Describe(LineageEdge edge) => Rows(edge) is var (first, rows)
        ? $"{edge.Role} (rows {first} to {first + rows - 1})"
        : edge.Role;

    /// <summary>First row, counted from 0, and number of rows an edge is about; null when it is about no rows.</summary>
    public static (long First, long Rows)? Rows(LineageEdge edge)
    {
        if (edge.Properties is null)
        {
            return null;
        }

        using var properties = JsonDocument.Parse(edge.Properties);
        return properties.RootElement.TryGetProperty("firstRow", out var first) && properties.RootElement.TryGetProperty("rows", out var rows)
            ? (first.GetInt64(), rows.GetInt64())
            : null;
    }

    public static string Describe(LineageNode node)
    {
        var more = Properties(node);
        return $"{node.Kind} {node.Title}{(more.Length == 0 ? "" : $" ({more})")}";
    }

    private static string Properties(LineageNode node)
    {
        if (node.Properties is null)
        {
            return "";
        }

        using var properties = JsonDocument.Parse(node.Properties);
        return properties.RootElement.ValueKind is not JsonValueKind.Object ? "" : string.Join(", ", properties.RootElement.EnumerateObject()
            .Where(p => p.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number && !Guid.TryParse(p.Value.ToString(), out _))
            .Select(p => $"{p.Name} {(BlobId.TryParse(p.Value.ToString(), out var blob) ? Format.Digest(blob) : p.Value.ToString())}"));
    }
}
