using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

public sealed class CheckpointRetentionTests
{
    [Theory]
    [InlineData(null, null, new long[] { 7 })]
    [InlineData(3, null, new long[] { 5, 6, 7 })]
    [InlineData(1, 2, new long[] { 2, 4, 7 })]
    [InlineData(2, 9, new long[] { 2, 4, 6, 7 })]
    public void The_newest_stay_and_the_best_at_the_end_of_an_epoch(int? last, int? best, long[] steps)
    {
        var kept = CheckpointRetention.Keep(
            [Checkpoint(1), Checkpoint(2, 0.9), Checkpoint(3), Checkpoint(4, 0.7), Checkpoint(5), Checkpoint(6, 0.5), Checkpoint(7)],
            last is null ? null : new CheckpointSpec { KeepLast = last, KeepBest = best });
        Assert.Equal(steps, kept.Select(checkpoint => checkpoint.Step));
    }

    [Fact]
    public void Of_equally_good_ones_the_first_stays() =>
        Assert.Equal([1L, 3], CheckpointRetention.Keep([Checkpoint(1, 0.5), Checkpoint(2, 0.5), Checkpoint(3)], new CheckpointSpec { KeepBest = 1 }).Select(checkpoint => checkpoint.Step));

    private static Checkpoint Checkpoint(long step, double? score = null) => new()
    {
        Step = step,
        Blob = BlobId.FromHash(System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(step))),
        Bytes = 1,
        Time = DateTimeOffset.UnixEpoch,
        Attempt = 1,
        Score = score,
    };
}
