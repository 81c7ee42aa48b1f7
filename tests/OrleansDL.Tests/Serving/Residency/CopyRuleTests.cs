using OrleansDL.Serving;
using OrleansDL.Serving.Residency;

namespace OrleansDL.Tests.Serving.Residency;

public sealed class CopyRuleTests
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);
    private static readonly ResidencySpec Two = new() { MaximumReplicas = 2, QueueTargetMilliseconds = 20 };

    [Theory]
    [InlineData(10, 30, true)]
    [InlineData(10, 10, false)]
    [InlineData(200, 0, true)]
    [InlineData(100, 0, false)]
    [InlineData(0, 0, false)]
    public void A_copy_wants_another_when_its_requests_wait_too_long_or_are_too_many(int requests, int millisecondsEach, bool wants)
    {
        Assert.Equal(wants, CopyRule.WantsMore(Two, requests, TimeSpan.FromMilliseconds(requests * millisecondsEach), Window));
        Assert.False(CopyRule.WantsMore(new ResidencySpec(), requests, TimeSpan.FromMilliseconds(requests * millisecondsEach), Window));
    }

    [Theory]
    [InlineData(30, true)]
    [InlineData(60, false)]
    public void A_copy_is_one_too_many_when_it_has_little_to_do(int requests, bool quiet)
    {
        Assert.Equal(quiet, CopyRule.IsQuiet(Two, requests, Window));
        Assert.False(CopyRule.IsQuiet(new ResidencySpec(), requests, Window));
    }
}
