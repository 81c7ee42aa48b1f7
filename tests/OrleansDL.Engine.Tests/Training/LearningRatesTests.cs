using OrleansDL.Data;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

public sealed class LearningRatesTests
{
    private static readonly string[] Kinds = ["constant", "step", "cosine", "onecycle", "linear", "polynomial"];

    [Theory]
    [InlineData("constant", 1, 1)]
    [InlineData("cosine", 1, 0)]
    [InlineData("linear", 1, 0)]
    [InlineData("polynomial", 1, 0)]
    [InlineData("onecycle", 0.040002133, 4e-6)]
    public void A_schedule_begins_and_ends_where_it_should(string kind, double first, double last)
    {
        var rates = Rates(new ScheduleSpec { Kind = kind }, epochs: 10, stepsPerEpoch: 100);
        Assert.Equal(first, rates.At(1), 1e-3);
        Assert.Equal(last, rates.At(1000), 1e-12);
    }

    [Fact]
    public void A_stair_goes_down_after_every_so_many_epochs()
    {
        var rates = Rates(new ScheduleSpec { Kind = "step", EveryEpochs = 2, Factor = 0.5 }, epochs: 6, stepsPerEpoch: 10);
        Assert.Equal([1, 1, 0.5, 0.5, 0.25, 0.25], new[] { 1, 20, 21, 40, 41, 60 }.Select(step => rates.At(step)));
    }

    [Fact]
    public void The_middle_of_a_fall_has_the_value_of_its_formula()
    {
        // 1 + 100 steps of fall, so that the middle is a step.
        Assert.Equal(0.5, Rates(new ScheduleSpec { Kind = "cosine" }, 1, 101).At(51), 1e-12);
        Assert.Equal(0.6, Rates(new ScheduleSpec { Kind = "linear", FinalFraction = 0.2 }, 1, 101).At(51), 1e-12);
        Assert.Equal(0.125, Rates(new ScheduleSpec { Kind = "polynomial", Power = 3 }, 1, 101).At(51), 1e-12);
    }

    [Fact]
    public void Every_schedule_rises_evenly_through_its_warm_up_falls_ever_after_and_stays_within_its_bounds()
    {
        var random = new Xoshiro(5);
        for (var round = 0; round < 300; round++)
        {
            var kind = Kinds[random.Next((ulong)Kinds.Length)];
            var (epochs, perEpoch) = (1 + (int)random.Next(20), 1 + (int)random.Next(200));
            var steps = (long)epochs * perEpoch;
            var warmup = (long)random.Next((ulong)steps);
            var rates = Rates(
                new ScheduleSpec { Kind = kind, EveryEpochs = kind == "step" ? 1 + (int)random.Next(4) : null, WarmupSteps = warmup }, epochs, perEpoch);
            var last = 0.0;
            for (var step = 1; step <= steps; step++)
            {
                var rate = rates.At(step);
                Assert.InRange(rate, 0, 1 + 1e-12);
                Assert.Equal(rate, rates.At(step));
                if (step <= warmup)
                {
                    Assert.True(rate > last, $"{kind} did not rise at step {step} of {warmup}");
                    Assert.True(kind == "onecycle" || Math.Abs(rate - ((double)step / warmup)) < 1e-12);
                }
                else
                {
                    Assert.True(rate <= last + 1e-12 || step == warmup + 1, $"{kind} rose at step {step}");
                }

                last = rate;
            }
        }
    }

    [Fact]
    public void A_warm_up_is_given_in_steps_or_as_a_share()
    {
        var steps = Rates(new ScheduleSpec { Kind = "linear", WarmupSteps = 25 }, 1, 100);
        var share = Rates(new ScheduleSpec { Kind = "linear", WarmupFraction = 0.25 }, 1, 100);
        Assert.All(Enumerable.Range(1, 100), step => Assert.Equal(steps.At(step), share.At(step)));
    }

    private static LearningRates Rates(ScheduleSpec schedule, int epochs, long stepsPerEpoch) =>
        new(Assignments.Spec() with { LearningRate = 1, Epochs = epochs, Schedule = schedule }, stepsPerEpoch);
}
