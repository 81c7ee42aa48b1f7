using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL.Monitoring;

/// <summary><c>odl metrics DEPLOYMENT</c>, also <c>odl deployment metrics DEPLOYMENT</c></summary>
internal static class MetricsCommand
{
    private const int Columns = 60;
    private const int Window = 10;

    public static Command Create()
    {
        var deployment = new Argument<string>("deployment") { Description = "Name or id of the deployment." };
        var last = new Option<TimeSpan?>("--last")
        {
            Description = "How far back, for example 15m, 12h, 7d.",
            CustomParser = Durations.Parse,
            DefaultValueFactory = _ => TimeSpan.FromMinutes(10),
        };
        return new Command("metrics", "Requests, errors, latency and answers of a deployment, by version.") { deployment, last }.Does(async (session, cancel) =>
        {
            var to = session.Time.GetUtcNow();
            var range = session.Get(last)!.Value;
            var step = Math.Max(Window, (int)Math.Ceiling(range.TotalSeconds / Columns / Window) * Window);
            var windows = await session.Client.Deployments.GetMetricsAsync(session.Get(deployment), to - range, to, step, cancel);
            session.Screen.Show(windows, list =>
            {
                foreach (var line in MetricsPlot.Lines(list))
                {
                    session.Screen.Line(line);
                }
            });
        });
    }
}
