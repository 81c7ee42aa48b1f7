using System.Globalization;
using Microsoft.AspNetCore.Http;
using OrleansDL.Monitoring;
using OrleansDL.Serving;

namespace OrleansDL.Tests.Serving;

public sealed class TrafficTests
{
    private static readonly CanarySpec Canary = new() { Stable = 1, Canary = 2, Steps = [10, 50], MinimumRequests = 100 };
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void Requests_are_split_by_the_shares()
    {
        var entry = Entry(new TrafficSpec { Shares = [Share(1, 75), Share(2, 25)] });

        var second = Enumerable.Range(0, 20_000).Count(_ => entry.Choose(null).Number == 2);

        Assert.InRange(second, 4_600, 5_400);
    }

    [Fact]
    public void A_user_keeps_the_version_while_a_share_grows()
    {
        string[] users = [.. Enumerable.Range(0, 5_000).Select(user => user.ToString(CultureInfo.InvariantCulture))];
        HashSet<string> before = [];
        foreach (var percent in (int[])[5, 25, 50, 100])
        {
            var entry = Entry(new TrafficSpec { KeyHeader = "user", Shares = [Share(1, 100 - percent), Share(2, percent)] });
            var now = users.Where(user => entry.Choose(Headers("User", user)).Number == 2).ToHashSet();
            Assert.True(now.SetEquals(users.Where(user => entry.Choose(Headers("user", user)).Number == 2)));
            Assert.Subset(now, before);
            Assert.InRange(now.Count, (percent * 50) - 150, (percent * 50) + 150);
            before = now;
        }
    }

    [Fact]
    public void A_rule_comes_before_the_shares_and_what_does_not_answer_is_stood_in_for()
    {
        var entry = Entry(new TrafficSpec
        {
            Rules = [new TrafficRule { Header = "group", Value = "beta", Version = 2 }, new TrafficRule { Header = "group", Value = "next", Version = 9 }],
            Shares = [Share(1, 100)],
        });

        Assert.Equal(2, entry.Choose(Headers("group", "beta")).Number);
        Assert.Equal(1, entry.Choose(Headers("group", "next")).Number);
        Assert.Equal(1, entry.Choose(Headers("group", "BETA")).Number);
        var chosen = entry.Choose(Headers("group", "beta"));
        Assert.Null(chosen.Asked);
        Assert.Equal(3, Entry(new TrafficSpec { Shares = [Share(9, 100)] }).Choose(null).Number);
        Assert.Same(entry.Version(1), entry.Version(1)!.Choose(Headers("group", "beta")));
    }

    [Fact]
    public void A_canary_that_does_as_well_is_promoted_step_by_step()
    {
        var first = CanaryJudge.Judge(Canary, new CanaryProgress { Since = Now }, Window(900, 0.02), Window(100, 0.02), Now.AddMinutes(1));
        Assert.Equal((CanaryStatus.Running, 1, Now.AddMinutes(1)), (first.Status, first.Step, first.Since));
        Assert.Equal([50, 50], CanaryJudge.Shares(Canary, first).Select(share => share.Percent));

        var last = CanaryJudge.Judge(Canary, first, Window(500, 0.02), Window(500, 0.025), Now.AddMinutes(2));
        Assert.Equal(CanaryStatus.Promoted, last.Status);
        Assert.Equal([0, 100], CanaryJudge.Shares(Canary, last).Select(share => share.Percent));
    }

    [Theory]
    [InlineData(100, 5, 0.02, "5.00 % of its requests failed, against 0.00 % with version 1")]
    [InlineData(100, 0, 0.04, "its 99th percentile of latency was 40 ms, against 20 ms with version 1")]
    public void A_canary_that_does_worse_is_rolled_back(long requests, long faults, double latency, string reason)
    {
        var judged = CanaryJudge.Judge(Canary, new CanaryProgress { Since = Now }, Window(900, 0.02), Window(requests, latency, faults), Now.AddMinutes(1));

        Assert.Equal(CanaryStatus.RolledBack, judged.Status);
        Assert.Equal(reason.Replace(" %", "%", StringComparison.Ordinal), judged.Reason!.Replace(" %", "%", StringComparison.Ordinal));
        Assert.Equal([100, 0], CanaryJudge.Shares(Canary, judged).Select(share => share.Percent));
    }

    [Fact]
    public void A_canary_with_too_few_requests_waits_and_callers_mistakes_are_not_its_own()
    {
        var progress = new CanaryProgress { Since = Now };
        var waiting = CanaryJudge.Judge(Canary, progress, Window(900, 0.02), Window(99, 9, faults: 99), Now.AddMinutes(1));
        Assert.Equal(progress with { Reason = "99 of at least 100 requests" }, waiting);
        Assert.Equal(0, CanaryJudge.Judge(Canary, progress, null, null, Now).Step);

        var mistaken = Window(200, 0.02) with { Errors = 200, ErrorStatuses = new Dictionary<string, long> { ["400"] = 200 } };
        Assert.Equal(1, CanaryJudge.Judge(Canary, progress, Window(900, 0.02), mistaken, Now).Step);
    }

    [Theory]
    [InlineData(50, 45, 46, CanaryStatus.Running, 1, "")]
    [InlineData(50, 45, 40, CanaryStatus.RolledBack, 0, "of 50 judged rows were right")]
    [InlineData(49, 49, 0, CanaryStatus.Running, 0, "49 and 50 (version 1) of at least 50 rows judged by feedback")]
    public void A_canary_may_be_judged_by_how_right_feedback_says_it_was(long judged, long usually, long correct, CanaryStatus status, int step, string reason)
    {
        var canary = Canary with { MinimumJudged = 50, MaximumAccuracyLoss = 0.05 };
        var (stable, tried) = (Window(900, 0.02) with { Feedback = Feedback(50, usually) }, Window(100, 0.02) with { Feedback = Feedback(judged, correct) });

        var next = CanaryJudge.Judge(canary, new CanaryProgress { Since = Now }, stable, tried, Now.AddMinutes(1));

        Assert.Equal((status, step), (next.Status, next.Step));
        Assert.Contains(reason, next.Reason, StringComparison.Ordinal);
        Assert.Equal(CanaryStatus.Running, CanaryJudge.Judge(canary, new CanaryProgress { Since = Now }, Window(900, 0.02), tried, Now.AddMinutes(1)).Status);
    }

    [Fact]
    public void Traffic_that_makes_no_sense_is_refused_by_name()
    {
        Refused("make up 90 percent", new TrafficSpec { Shares = [Share(1, 50), Share(2, 40)] });
        Refused("names a version twice", new TrafficSpec { Shares = [Share(1, 50), Share(1, 50)] });
        Refused("cannot be a header", new TrafficSpec { KeyHeader = "a b" });
        Refused("exclude each other", new TrafficSpec { Shares = [Share(1, 100)], Canary = Canary });
        Refused("traffic.canary.steps are percents", new TrafficSpec { Canary = Canary with { Steps = [50, 10] } });
        Refused("traffic.canary.stepSeconds is 5", new TrafficSpec { Canary = Canary with { StepSeconds = 5 } });
        Refused("traffic.canary.minimumJudged is -1", new TrafficSpec { Canary = Canary with { MinimumJudged = -1 } });
        Refused("traffic.canary.maximumAccuracyLoss", new TrafficSpec { Canary = Canary with { MaximumAccuracyLoss = 1.5 } });
        TrafficSpecRules.Check(new TrafficSpec { Canary = Canary });
    }

    private static FeedbackWindow Feedback(long judged, long correct) => new() { Count = judged, Judged = judged, Correct = correct, Accuracy = correct / (double)judged };

    private static void Refused(string message, TrafficSpec spec) =>
        Assert.Contains(message, Assert.Throws<InvalidException>(() => TrafficSpecRules.Check(spec)).Message, StringComparison.Ordinal);

    private static TrafficShare Share(long version, double percent) => new() { Version = version, Percent = percent };

    private static HeaderDictionary Headers(string name, string value) => new() { [name] = value };

    private static ServingWindow Window(long requests, double latency, long faults = 0) => new()
    {
        Start = Now,
        LengthSeconds = 60,
        Model = "m",
        ModelVersion = 1,
        Requests = requests,
        Errors = faults,
        LatencyP99Seconds = latency,
        Labels = new Dictionary<string, long>(),
        ErrorStatuses = new Dictionary<string, long> { ["503"] = faults },
    };

    private static RouteEntry Entry(TrafficSpec traffic) => new(
        new Route
        {
            Deployment = new Guid("01961234-5678-7abc-bfff-ffff00000001"),
            Project = "default",
            Name = "m",
            Revision = 1,
            Public = false,
            Generation = 13,
            ModelVersion = 3,
            Versions = [Version(9, null), Version(3, 13), Version(2, 12), Version(1, 11)],
            Traffic = traffic,
        },
        _ => []);

    private static RouteVersion Version(long number, long? generation) => new() { Number = number, ModelVersion = number, Generation = generation };
}
