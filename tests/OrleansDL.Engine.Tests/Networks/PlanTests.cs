using System.Text.Json;
using OrleansDL.Networks;
using OrleansDL.Training;

namespace OrleansDL.Tests.Networks;

public sealed class PlanTests
{
    [Theory]
    [InlineData("""[{"kind":"linear","width":4}]""", new long[] { 1, 8, 8 }, "network.blocks[0] is of kind 'linear', which takes a row or a series, and an image of 1 x 8 x 8 comes in. Put flatten or globalPool before it.")]
    [InlineData("""[{"kind":"convolution","channels":6,"groups":4}]""", new long[] { 4, 8, 8 }, "network.blocks[0].channels is 6, which groups 4 does not divide.")]
    [InlineData("""[{"kind":"convolution","channels":4},{"kind":"residual","blocks":[{"kind":"convolution","channels":5}]}]""", new long[] { 1, 8, 8 }, "network.blocks[1] cannot add an image of 4 x 8 x 8 to an image of 5 x 8 x 8.")]
    [InlineData("""[{"kind":"residual","blocks":[{"kind":"linear","width":4},{"kind":"attention","heads":2}]}]""", new long[] { 4 }, "network.blocks[0].blocks[1] is of kind 'attention', which takes a series, and a row of 4 comes in. Put reshape to [steps, width] before it.")]
    [InlineData("""[{"kind":"attention","heads":3}]""", new long[] { 5, 4 }, "network.blocks[0].heads is 3, which does not divide the width 4.")]
    [InlineData("""[{"kind":"reshape","shape":[2,3]}]""", new long[] { 5 }, "network.blocks[0].shape makes 6 values of a row of 5, which has 5.")]
    [InlineData("""[{"kind":"pool"},{"kind":"pool"},{"kind":"pool","kernel":4}]""", new long[] { 1, 8, 8 }, "network.blocks[2].kernel is 4, and an image of 1 x 2 x 2 comes in: no square of it fits.")]
    [InlineData("""[{"kind":"embedding","width":4}]""", new long[] { 5 }, "network.blocks[0] is of kind 'embedding', which takes tokens, and a row of 5 comes in.")]
    [InlineData("""[{"kind":"categories"}]""", new long[] { 5 }, "network.blocks[0] needs categorical columns.")]
    [InlineData("""[{"kind":"activation"}]""", new long[] { 3, 5 }, "network gives a series of 3 x 5, and head 'label' takes a row: end network.blocks with globalPool or flatten.")]
    [InlineData("""[{"kind":"linear","width":65536},{"kind":"linear","width":65536}]""", new long[] { 3 }, "network has 4,295,426,050 parameters.")]
    public void Blocks_that_do_not_fit_are_refused_by_their_json_path(string blocks, long[] input, string message)
    {
        var network = new NetworkSpec { Family = "blocks", Blocks = JsonSerializer.Deserialize<IReadOnlyList<BlockSpec>>(blocks, OdlJson.Options) };
        var error = Assert.Throws<InvalidException>(() => Define(network, input).Plan());
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"family":"cnn"}""", "label", new long[] { 5 }, "network.family 'cnn' needs images.")]
    [InlineData("""{"family":"gpt"}""", "label", new long[] { 5 }, "network.family 'gpt' needs text.")]
    [InlineData("""{"family":"lstm","steps":4}""", "label", new long[] { 6 }, "network.steps is 4, which does not divide the 6 numbers of a row.")]
    [InlineData("""{"family":"lstm","steps":4}""", "label", new long[] { 6, 2 }, "network.steps belongs to rows of a table, and a series of 6 x 2 comes in.")]
    [InlineData("""{"family":"autoencoder"}""", "label", new long[] { 6 }, "network.family 'autoencoder' gives its input back, and head 'label' does not take that.")]
    [InlineData("""{"family":"cnn"}""", "reconstruction", new long[] { 1, 6, 6 }, "network.family 'cnn' gives a row of 32, and head 'reconstruction' needs the input back, an image of 1 x 6 x 6.")]
    [InlineData("""{"family":"mlp"}""", "sequence", new long[] { 6 }, "network gives a row of 6, and head 'sequence' takes a series")]
    [InlineData("""{"family":"lstm","bidirectional":true}""", "next-token", new long[] { 6 }, "network.bidirectional is true: it sees what follows")]
    [InlineData("""{"family":"mlp"}""", "colour", new long[] { 6 }, "head 'colour' is unknown. Heads: label, labels,")]
    public void A_family_that_does_not_fit_its_input_or_head_says_so(string network, string head, long[] input, string message)
    {
        var spec = NetworkFamilies.WithDefaults(JsonSerializer.Deserialize<NetworkSpec>(network, OdlJson.Options)!);
        var error = Assert.Throws<InvalidException>(() => Define(spec, input, head).Plan());
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(18, 64, 11_173_962)]
    [InlineData(34, 64, 21_282_122)]
    [InlineData(50, 64, 23_520_842)]
    public void Residual_networks_for_small_images_have_the_sizes_of_the_literature(int size, int width, long parameters)
    {
        var spec = NetworkFamilies.WithDefaults(new NetworkSpec { Family = "resnet", Size = size, Width = width });
        var plan = (Define(spec, [3, 32, 32]) with { Classes = 10 }).Plan();
        Assert.Equal(parameters, plan.Parameters);
    }

    [Theory]
    [InlineData(18, 11_689_512)]
    [InlineData(34, 21_797_672)]
    [InlineData(50, 25_557_032)]
    public void Residual_networks_for_large_images_have_the_sizes_of_the_literature(int size, long parameters)
    {
        var spec = NetworkFamilies.WithDefaults(new NetworkSpec { Family = "resnet", Size = size });
        var plan = (Define(spec, [3, 224, 224]) with { Classes = 1000 }).Plan();
        Assert.Equal(parameters, plan.Parameters);
    }

    private static NetworkDefinition Define(NetworkSpec network, long[] input, string? head = null) =>
        new() { Network = network, Input = input, Classes = 2, Head = head };
}
