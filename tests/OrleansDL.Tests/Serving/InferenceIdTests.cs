using OrleansDL.Serving;

namespace OrleansDL.Tests.Serving;

public sealed class InferenceIdTests
{
    [Fact]
    public void An_inference_id_is_this_for_ever()
    {
        // Golden: ids once answered must resolve in every later release.
        var id = InferenceId.Create(generation: 0x01020304, unixMilliseconds: 0x0196_1234_5678, random: 0x3FF_FFFF_FABC);

        Assert.Equal("01961234-5678-7abc-bfff-ffff01020304", id.ToString());
        Assert.Equal(0x01020304, InferenceId.GenerationOf(id));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(77)]
    [InlineData(uint.MaxValue)]
    public void The_generation_comes_back_out_of_an_id(long generation)
    {
        var id = InferenceId.New(generation, TimeProvider.System);

        Assert.Equal(7, id.Version);
        Assert.Equal(generation, InferenceId.GenerationOf(id));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1L << 32)]
    public void A_generation_that_does_not_fit_is_refused(long generation) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => InferenceId.New(generation, TimeProvider.System));

    [Fact]
    public void A_random_id_carries_no_generation() =>
        Assert.Null(InferenceId.GenerationOf(new Guid("0f8fad5b-d9cb-469f-a165-70867728950e")));

    [Fact]
    public void Ids_of_one_generation_differ()
    {
        var ids = Enumerable.Range(0, 10_000).Select(_ => InferenceId.New(5, TimeProvider.System)).ToHashSet();

        Assert.Equal(10_000, ids.Count);
    }
}
