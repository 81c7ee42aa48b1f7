using System.Globalization;

namespace OrleansDL.Models;

/// <summary>What was made from what in the client's project.</summary>
public sealed class LineageClient
{
    private readonly OdlConnection _http;

    internal LineageClient(OdlConnection http) => _http = http;

    /// <param name="reference">An inference id, <c>dataset:NAME@v2</c>, <c>run:NAME</c>, <c>model:NAME@3</c>, <c>deployment:NAME</c>, or a node id.</param>
    /// <param name="direction">Up to the sources, or down to live deployments.</param>
    /// <param name="depth">Steps to walk at most, 1 to 50.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<LineageGraph> WalkAsync(
        string reference, LineageDirection direction = LineageDirection.Up, int depth = 10, CancellationToken cancellationToken = default) =>
        _http.GetAsync<LineageGraph>(
            OdlConnection.Query(
                $"{_http.Project}/lineage",
                ("reference", reference),
                ("direction", direction is LineageDirection.Up ? "up" : "down"),
                ("depth", depth.ToString(CultureInfo.InvariantCulture))),
            cancellationToken);
}
