using OrleansDL.Identity;

namespace OrleansDL.Models;

/// <summary>The lineage of one project. Key: the project's name. Any number of activations.</summary>
[Alias("lineage")]
public interface ILineageGrain : IGrainWithStringKey
{
    /// <param name="reference">An inference id, <c>dataset:NAME@v2</c>, <c>run:NAME</c>, <c>model:NAME@3</c>, <c>deployment:NAME</c>, or a node id.</param>
    /// <param name="direction">Up to the sources, or down to live deployments.</param>
    /// <param name="maximumDepth">1 to 50.</param>
    [Alias("walk"), Requires(Role.Viewer)] Task<LineageGraph> WalkAsync(string reference, LineageDirection direction, int maximumDepth);
}
