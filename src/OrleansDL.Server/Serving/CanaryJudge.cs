using System.Globalization;
using OrleansDL.Monitoring;

namespace OrleansDL.Serving;

/// <summary>Decides how a canary goes on by what both versions did since its step began.</summary>
internal static class CanaryJudge
{
    /// <summary>Both versions' shares where the canary stands.</summary>
    public static IReadOnlyList<TrafficShare> Shares(CanarySpec spec, CanaryProgress now)
    {
        var percent = now switch
        {
            { Status: CanaryStatus.Promoted } => 100,
            { Status: CanaryStatus.Running, Since: not null } => spec.Steps[now.Step],
            _ => 0,
        };
        return [new TrafficShare { Version = spec.Stable, Percent = 100 - percent }, new TrafficShare { Version = spec.Canary, Percent = percent }];
    }

    /// <param name="spec">The canary's terms.</param>
    /// <param name="now">Where it stands.</param>
    /// <param name="stable">What the stable version did; null: nothing.</param>
    /// <param name="canary">What the canary did; null: nothing.</param>
    /// <param name="time">The time a next step would begin.</param>
    public static CanaryProgress Judge(CanarySpec spec, CanaryProgress now, ServingWindow? stable, ServingWindow? canary, DateTimeOffset time)
    {
        if (canary is null || canary.Requests < spec.MinimumRequests)
        {
            return now with { Reason = string.Create(CultureInfo.InvariantCulture, $"{canary?.Requests ?? 0} of at least {spec.MinimumRequests} requests") };
        }

        var (failed, before) = (Faults(canary), Faults(stable));
        if (failed > before + spec.MaximumErrorRatio)
        {
            return now with { Status = CanaryStatus.RolledBack, Reason = string.Create(CultureInfo.InvariantCulture, $"{failed:P2} of its requests failed, against {before:P2} with version {spec.Stable}") };
        }

        if (spec.MaximumLatencyRatio > 0 && stable?.LatencyP99Seconds is > 0 and var usual && canary.LatencyP99Seconds > usual * spec.MaximumLatencyRatio)
        {
            return now with
            {
                Status = CanaryStatus.RolledBack,
                Reason = string.Create(CultureInfo.InvariantCulture, $"its 99th percentile of latency was {canary.LatencyP99Seconds * 1000:0.###} ms, against {usual * 1000:0.###} ms with version {spec.Stable}"),
            };
        }

        if (spec.MinimumJudged > 0)
        {
            var (judged, judgedBefore) = (canary.Feedback?.Judged ?? 0, stable?.Feedback?.Judged ?? 0);
            if (judged < spec.MinimumJudged || judgedBefore < spec.MinimumJudged)
            {
                return now with { Reason = string.Create(CultureInfo.InvariantCulture, $"{judged} and {judgedBefore} (version {spec.Stable}) of at least {spec.MinimumJudged} rows judged by feedback") };
            }

            var (accuracy, usually) = (canary.Feedback!.Accuracy!.Value, stable!.Feedback!.Accuracy!.Value);
            if (accuracy < usually - spec.MaximumAccuracyLoss)
            {
                return now with
                {
                    Status = CanaryStatus.RolledBack,
                    Reason = string.Create(CultureInfo.InvariantCulture, $"{accuracy:P2} of {judged} judged rows were right, against {usually:P2} with version {spec.Stable}"),
                };
            }
        }

        var passed = string.Create(CultureInfo.InvariantCulture, $"{canary.Requests} requests at {spec.Steps[now.Step]} percent, {failed:P2} failed");
        return now.Step + 1 == spec.Steps.Count
            ? now with { Status = CanaryStatus.Promoted, Reason = passed }
            : now with { Step = now.Step + 1, Since = time, Reason = passed };
    }

    /// <summary>The part of the requests that failed by the server's fault.</summary>
    private static double Faults(ServingWindow? window) => window is { Requests: > 0 }
        ? window.ErrorStatuses.Where(status => status.Key.StartsWith('5')).Sum(status => status.Value) / (double)window.Requests
        : 0;
}
