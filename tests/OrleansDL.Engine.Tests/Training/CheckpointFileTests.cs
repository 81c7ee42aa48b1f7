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

    [Fact]
    public void A_checkpoint_of_version_1_is_read_for_ever()
    {
        TorchLibrary.Load();
        random.manual_seed(1);
        using var network = new Network(Definition, 1);
        using var optimizer = Optimizer.For(network, Assignments.Spec());
        var written = CheckpointFile.Write(network, optimizer, new TrainingState { Step = 7, Epoch = 1, Position = 2, LossSum = 1.5, LossCount = 2 }, Json, Order);
        var (tensors, metadata) = SafeTensors.Read(written, "written");
        var layout = string.Join('\n', tensors.Values.Select(tensor => $"{tensor.Name} {tensor.Type} [{string.Join(',', tensor.Shape)}]").Concat(metadata.Select(entry => $"{entry.Key}={entry.Value}"))) + "\n";
        Golden.Check("checkpoint-v1.layout.txt", Encoding.UTF8.GetBytes(layout));
        var golden = Path.Combine("Golden", "checkpoint-v1.safetensors");
        if (Environment.GetEnvironmentVariable("ODL_WRITE_GOLDEN") == "1")
        {
            Golden.Check("checkpoint-v1.safetensors", written);
            return;
        }

        using var other = new Network(Definition, 2);
        using var otherOptimizer = Optimizer.For(other, Assignments.Spec());
        var state = CheckpointFile.Restore(Golden.Read("checkpoint-v1.safetensors"), golden, other, otherOptimizer, Json, Order);
        Assert.Equal((7, 1, 2, 1.5), (state.Step, state.Epoch, state.Position, state.LossSum));
        Assert.Equal(network.Weights.bytes.ToArray(), other.Weights.bytes.ToArray());
    }

    [Fact]
    public void A_file_cut_short_is_refused()
    {
        var whole = SafeTensors.Write([new SafeTensor("a", "F32", [2], new byte[8])], new Dictionary<string, string>());
        Assert.Equal([2L], SafeTensors.Read(whole, "whole").Tensors["a"].Shape);
        foreach (var length in new[] { 0, 7, 20, whole.Length - 1 })
        {
            Assert.Throws<InvalidException>(() => SafeTensors.Read(whole.AsSpan(0, length), "cut"));
        }
    }
}
