using System.Data.Common;
using Dapper;
using OrleansDL.Database;
using OrleansDL.Models;

namespace OrleansDL.Lineage;

/// <summary>What was made from what. The grains that do the work write it as they do it, so nothing depends on anyone remembering to.</summary>
public sealed class LineageLog(Db database, TimeProvider time)
{
    /// <summary>Deepest walk.</summary>
    public const int MaximumDepth = 50;

    /// <summary>Steps one walk takes; what lies farther is cut off.</summary>
    public const int MaximumSteps = 10_000;

    private const int EdgesOfAtOnce = 500;

    // The queue of a recursive query is first in, first out: the limit cuts off what is farthest.
    private const string Walk =
        """
        WITH RECURSIVE walk (id, depth) AS (
          SELECT CAST(@root AS {text}, 0
          UNION
          SELECT e.{next}, w.depth + 1 FROM walk w JOIN lineage_edge e ON e.project = @project AND e.{here} = w.id WHERE w.depth < @depth
        ),
        reached (id, depth, steps) AS (SELECT id, MIN(depth), COUNT(*) FROM (SELECT id, depth FROM walk LIMIT @limit) AS taken GROUP BY id)
        SELECT r.id AS Id, r.depth AS Depth, r.steps AS Steps, n.kind AS Kind, n.title AS Title, n.properties AS Properties
        FROM reached r LEFT JOIN lineage_node n ON n.project = @project AND n.id = r.id
        ORDER BY r.depth, r.id
        """;

    /// <summary>Adds nodes and edges, or brings their titles and properties up to date. Repeating it does nothing.</summary>
    public async Task RecordAsync(string project, IEnumerable<LineageNode> nodes, IEnumerable<LineageEdge> edges)
    {
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);

        // In order of their keys: two writers of the same rows then wait for each other instead of deadlocking.
        await connection.ExecuteAsync(
            """
            INSERT INTO lineage_node (project, id, kind, title, properties, time) VALUES (@project, @Id, @Kind, @Title, @Properties, @now)
            ON CONFLICT (project, id) DO UPDATE SET
              kind = excluded.kind, title = excluded.title, properties = COALESCE(excluded.properties, lineage_node.properties)
            """,
            nodes.OrderBy(node => node.Id, StringComparer.Ordinal)
                .Select(node => new { project, node.Id, node.Kind, node.Title, node.Properties, now = time.Now() }).ToList(),
            transaction);
        await connection.ExecuteAsync(
            """
            INSERT INTO lineage_edge (project, source, target, role, properties, time) VALUES (@project, @Source, @Target, @Role, @Properties, @at)
            ON CONFLICT (project, source, target, role) DO UPDATE SET properties = COALESCE(excluded.properties, lineage_edge.properties)
            """,
            edges.OrderBy(edge => (edge.Source, edge.Target, edge.Role))
                .Select(edge => new { project, edge.Source, edge.Target, edge.Role, edge.Properties, at = Micros.From(edge.Time) }).ToList(),
            transaction);
        await transaction.CommitAsync();
    }

    /// <summary>The node of that id, or null.</summary>
    public async Task<LineageNode?> FindAsync(string project, string id)
    {
        await using var connection = await database.OpenAsync();
        var row = await connection.QuerySingleOrDefaultAsync<NodeRow>(
            "SELECT id AS Id, kind AS Kind, title AS Title, properties AS Properties FROM lineage_node WHERE project = @project AND id = @id",
            new { project, id });
        return row?.ToNode();
    }

    /// <summary>Everything within reach of a node in one direction, nearest first, the node itself included at depth 0.</summary>
    public async Task<LineageGraph> WalkAsync(string project, LineageNode root, LineageDirection direction, int maximumDepth)
    {
        var (next, here) = direction is LineageDirection.Up ? ("source", "target") : ("target", "source");
        var walk = Walk
            .Replace("{text}", database.IsPostgres ? "TEXT) COLLATE \"C\"" : "TEXT)", StringComparison.Ordinal)
            .Replace("{here}", here, StringComparison.Ordinal)
            .Replace("{next}", next, StringComparison.Ordinal);

        // One step farther than asked tells whether the depth cut something off.
        await using var connection = await database.OpenAsync();
        var rows = (await connection.QueryAsync<NodeRow>(walk, new { project, root = root.Id, depth = maximumDepth + 1, limit = MaximumSteps + 1 })).ToList();
        var nodes = rows.Where(row => row.Depth <= maximumDepth).Select(row => row.ToNode()).ToList();
        return new LineageGraph
        {
            Root = root,
            Nodes = nodes,
            Edges = await EdgesAsync(connection, project, nodes, here),
            Truncated = rows.Count > nodes.Count || rows.Sum(row => row.Steps) > MaximumSteps,
        };
    }

    private async Task<IReadOnlyList<LineageEdge>> EdgesAsync(DbConnection connection, string project, List<LineageNode> nodes, string here)
    {
        var depths = nodes.ToDictionary(node => node.Id, node => node.Depth, StringComparer.Ordinal);
        var edges = new List<LineageEdge>();
        foreach (var some in nodes.Select(node => node.Id).Chunk(EdgesOfAtOnce))
        {
            var rows = await connection.QueryAsync<EdgeRow>(
                $"SELECT source AS Source, target AS Target, role AS Role, properties AS Properties, time AS Time FROM lineage_edge WHERE project = @project AND {here} {database.In("@some")}",
                new { project, some });
            edges.AddRange(rows.Where(row => depths.ContainsKey(row.Source) && depths.ContainsKey(row.Target)).Select(row => row.ToEdge()));
        }

        // Nearest first, as the nodes are.
        return [.. edges.OrderBy(edge => Math.Min(depths[edge.Source], depths[edge.Target]))
            .ThenBy(edge => edge.Source, StringComparer.Ordinal).ThenBy(edge => edge.Target, StringComparer.Ordinal).ThenBy(edge => edge.Role, StringComparer.Ordinal)];
    }

    private sealed class NodeRow
    {
        public string Id { get; set; } = "";
        public long Depth { get; set; }
        public long Steps { get; set; }
        public string? Kind { get; set; }
        public string? Title { get; set; }
        public string? Properties { get; set; }

        // An edge may be recorded before its other end is.
        public LineageNode ToNode() => new()
        {
            Id = Id,
            Kind = Kind ?? Id.Split(':')[0],
            Title = Title ?? Id,
            Depth = (int)Depth,
            Properties = Properties,
        };
    }

    private sealed class EdgeRow
    {
        public string Source { get; set; } = "";
        public string Target { get; set; } = "";
        public string Role { get; set; } = "";
        public string? Properties { get; set; }
        public long Time { get; set; }

        public LineageEdge ToEdge() => new()
        {
            Source = Source,
            Target = Target,
            Role = Role,
            Properties = Properties,
            Time = Micros.ToTime(Time),
        };
    }
}
