using System.Text;
using System.Text.Json;
using OrleansDL.Native;
using OrleansDL.Networks;
using OrleansDL.Training;
using static TorchSharp.torch;

namespace OrleansDL.Tests.Training;

[Collection("torch")]
public sealed class CheckpointFileTests
{
    private const string Order = "commit/1/32/adam";

    private static readonly NetworkDefinition Definition = new()
    {
        Network = NetworkFamilies.WithDefaults(new NetworkSpec { Family = "cnn", Channels = [2], Hidden = [3], Kernel = 1 }),
        Input = [1, 4, 4],
        Classes = 2,
    };

    private static string Json => JsonSerializer.Serialize(Definition, OdlJson.Options);

    [Fact]
    public void The_definition_of_a_network_never_changes_its_form() => Golden.Check("network-v1.json", Encoding.UTF8.GetBytes(Json));

    [Theory]
    [InlineData("1", 1)]
    [InlineData("2", TrainingState.Keyed)]
    public void A_checkpoint_of_any_version_is_read_for_ever(string version, int randomness)
    {
        TorchLibrary.Load();
        random.manual_seed(1);
        using var network = new Network(Definition, 1);
        using var optimizer = Optimizer.For(network, Assignments.Spec());
        using var average = new WeightAverage(network, 0.9);
        var written = Write(network, optimizer, average);
        var golden = $"checkpoint-v{version}.safetensors";
        if (version == CheckpointFile.CurrentVersion)
        {
            var (tensors, metadata) = SafeTensors.Read(written, "written");
            var layout = string.Join('\n', tensors.Values.Select(tensor => $"{tensor.Name} {tensor.Type} [{string.Join(',', tensor.Shape)}]").Concat(metadata.Select(entry => $"{entry.Key}={entry.Value}"))) + "\n";
            Golden.Check("checkpoint-v2.layout.txt", Encoding.UTF8.GetBytes(layout));
            if (Environment.GetEnvironmentVariable("ODL_WRITE_GOLDEN") == "1")
            {
                Golden.Check(golden, written);
                return;
            }
        }

        using var other = new Network(Definition, 2);
        using var otherOptimizer = Optimizer.For(other, Assignments.Spec());
        using var otherAverage = new WeightAverage(other, 0.9);
        var file = SafeTensors.Read(Golden.Read(golden), golden);
        var state = CheckpointFile.Restore(file, golden, Tensors(other, otherOptimizer, otherAverage), Json, Order, out var missing);
        Assert.Equal((7, 1, 2, 1.5, randomness), (state.Step, state.Epoch, state.Position, state.LossSum, state.Randomness));
        Assert.Equal(network.Weights.bytes.ToArray(), other.Weights.bytes.ToArray());
        Assert.Equal(version == "1" ? ["average.weights"] : [], missing);
    }

    private static Dictionary<string, Tensor> Tensors(Network network, Optimizer optimizer, WeightAverage average) => new()
    {
        ["network.weights"] = network.Weights,
        ["network.buffers"] = network.Buffers,
        ["optimizer.mean"] = optimizer.State["mean"],
        ["optimizer.square"] = optimizer.State["square"],
        ["average.weights"] = average.Weights,
    };

    private static byte[] Write(Network network, Optimizer optimizer, WeightAverage average)
    {
        using var stream = new MemoryStream();
        var buffer = new CheckpointBuffer(Tensors(network, optimizer, average));
        var state = new TrainingState { Step = 7, Epoch = 1, Position = 2, LossSum = 1.5, LossCount = 2, Randomness = TrainingState.Keyed, Guard = new GuardState { Losses = [0.5f, 0.25f], Bad = 1 } };
        buffer.Take(CheckpointFile.Metadata(state, Json, Order));
        buffer.WriteTo(stream);
        return stream.ToArray();
    }

    [Fact]
    public void A_file_cut_short_is_refused()
    {
        var whole = SafeTensors.Write([new SafeTensor("a", "F32", [2], new byte[8])], new Dictionary<string, string>());
        Assert.Equal([2L], SafeTensors.Read(whole, "whole").Tensors["a"].Shape);
        foreach (var length in new[] { 0, 7, 20, whole.Length - 1 })
        {
            Assert.Throws<InvalidException>(() => SafeTensors.Read(whole[..length], "cut"));
        }
    }
}
