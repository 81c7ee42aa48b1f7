using OrleansDL.Http;

namespace OrleansDL.Tests.Hosting;

public sealed class LargeBlocksTests
{
    [Fact]
    public void A_thousand_connections_get_large_blocks_and_more_of_them_small_ones()
    {
        using var pool = new LargeBlocks().Create();
        var lent = Enumerable.Range(0, LargeBlocks.Pool.MostLarge).Select(_ => pool.Rent()).ToList();
        Assert.All(lent, block => Assert.Equal(LargeBlocks.Pool.Large, block.Memory.Length));

        using (var more = pool.Rent(LargeBlocks.Pool.Small))
        {
            Assert.Equal(LargeBlocks.Pool.Small, more.Memory.Length);
        }

        lent[0].Dispose();
        using var next = pool.Rent();
        Assert.Equal(LargeBlocks.Pool.Large, next.Memory.Length);
        lent.ForEach(block => block.Dispose());
    }

    [Fact]
    public void A_block_is_lent_again_once_it_is_given_back_and_only_once()
    {
        using var pool = new LargeBlocks().Create();
        var first = pool.Rent();
        first.Memory.Span[0] = 42;
        first.Dispose();
        first.Dispose();

        using var second = pool.Rent();
        using var third = pool.Rent();
        Assert.Equal(42, second.Memory.Span[0]);
        Assert.False(second.Memory.Span.Overlaps(third.Memory.Span));
        Assert.Throws<ObjectDisposedException>(() => first.Memory);
    }
}
