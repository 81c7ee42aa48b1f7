using System.Diagnostics.Metrics;

namespace OrleansDL.Serving.Asides;

/// <summary>What becomes of sampled requests.</summary>
internal sealed class PayloadMetrics
{
    private readonly Counter<long> _rows;

    public PayloadMetrics(IMeterFactory meters) => _rows = meters.Create("OrleansDL.Serving")
        .CreateCounter<long>("orleansdl.serving.payload.rows", "{row}", "Requests sampled for payload logs, by what came of them: committed, dropped, failed.");

    public void OnRows(string project, string outcome, long rows) => _rows.Add(rows, new("project", project), new("outcome", outcome));
}
