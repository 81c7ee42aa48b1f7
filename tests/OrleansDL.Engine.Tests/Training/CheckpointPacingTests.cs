using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

public sealed class CheckpointPacingTests
{
    [Fact]
    public void What_the_spec_says_holds_whatever_a_checkpoint_costs()
    {
        var pacing = new CheckpointPacing(30, 100);
        pacing.Add(10);
        Assert.Equal(30, pacing.Seconds);
    }

    [Theory]
    [InlineData(0.02, 3600.0, 12)]
    [InlineData(0.5, 10_000.0, 100)]
    [InlineData(1e-6, 60.0, 1)]
    [InlineData(50, 1e6, 600)]
    [InlineData(1e-6, null, 1)]
    [InlineData(0.01, null, 20.784609690826528)]
    [InlineData(50, null, 30)]
    public void Otherwise_cost_and_losses_decide_within_bounds(double cost, double? lossSeconds, double seconds)
    {
        var pacing = new CheckpointPacing(0, lossSeconds);
        Assert.Equal(1, pacing.Seconds);
        pacing.Add(cost);
        Assert.Equal(seconds, pacing.Seconds, 1e-9);
    }
}
