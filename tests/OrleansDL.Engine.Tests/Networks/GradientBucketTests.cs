using OrleansDL.Native;
using OrleansDL.Networks;
using OrleansDL.Training;
using static TorchSharp.torch;

namespace OrleansDL.Tests.Networks;

[Collection("torch")]
public sealed class GradientBucketTests
{
    [Theory]
    [InlineData("mlp", null)]
    [InlineData("mlp", "hidden2")]
    [InlineData("resnet", null)]
    [InlineData("gpt", null)]
    public void Backward_says_how_far_the_gradients_are_made_and_changes_them_no_more(string family, string? frozen)
    {
        TorchLibrary.Load();
        var spec = family == "mlp" ? new NetworkSpec { Family = family, Hidden = [600, 600, 600, 600] } : new NetworkSpec { Family = family };
        var tokens = family == "gpt";
        var definition = new NetworkDefinition
        {
            Network = NetworkFamilies.WithDefaults(tokens ? spec with { Width = 256, Layers = 3 } : spec),
            Input = tokens ? [12] : [1, 8, 8],
            Vocabulary = tokens ? 50 : null,
            Classes = 10,
        };
        using var network = new Network(definition, 1, frozen: frozen is null ? null : [frozen]);
        using var input = tokens ? randint(1, 50, [4, 12], dtype: ScalarType.Int64) : rand(4, 1, 8, 8);
        var said = new List<(long From, float[] Made)>();
        var pass = Pass.Learning(1, 0, new long[4], complete: from => said.Add((from, network.TrainedGradients[TensorIndex.Slice(from)].data<float>().ToArray())));
        network.Forward(input, pass).square().sum().backward();
        Assert.True(said.Count >= 2, $"It was told {said.Count} times.");
        Assert.Equal(said.Select(one => one.From).OrderDescending(), said.Select(one => one.From));
        var all = network.TrainedGradients.data<float>().ToArray();
        Assert.All(said, one => Assert.Equal(all[(int)one.From..], one.Made));
        Assert.All(said, one => Assert.True((all.Length - one.From) * sizeof(float) >= 1 << 20));
        Assert.Contains(all[..(int)said[^1].From], value => value != 0);
    }
}
