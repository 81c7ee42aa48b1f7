using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using OrleansDL.Networks;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>
/// A checkpoint: one safetensors file. Tensors <c>network.weights</c> and <c>network.buffers</c> (F32, flat, in the network's own order),
/// <c>optimizer.NAME</c> (F32, flat), <c>random</c> (U8, libtorch's generator). Metadata: <c>format</c> = orleansdl-checkpoint,
/// <c>version</c> = 1, <c>step</c>, <c>state</c> (<see cref="TrainingState"/> as JSON), <c>network</c> (network.json), <c>order</c> (dataset commit, seed, batch size, optimizer).
/// </summary>
internal static class CheckpointFile
{
    public const string Format = "orleansdl-checkpoint";
    public const string CurrentVersion = "1";

    private const string RandomTensor = "random";

    public static byte[] Write(Network network, Optimizer optimizer, TrainingState state, string definition, string order)
    {
        List<SafeTensor> tensors = [Tensor("network.weights", network.Weights), Tensor("network.buffers", network.Buffers)];
        tensors.AddRange(optimizer.State.Select(tensor => Tensor($"optimizer.{tensor.Key}", tensor.Value)));
        using var random = get_rng_state();
        tensors.Add(new SafeTensor(RandomTensor, "U8", random.shape, random.bytes.ToArray()));
        return SafeTensors.Write(tensors, new Dictionary<string, string>
        {
            ["format"] = Format,
            ["version"] = CurrentVersion,
            ["step"] = state.Step.ToString(CultureInfo.InvariantCulture),
            ["state"] = JsonSerializer.Serialize(state, OdlJson.Options),
            ["network"] = definition,
            ["order"] = order,
        });
    }

    /// <summary>Puts everything back and returns where training goes on.</summary>
    /// <exception cref="InvalidException">The file is damaged, or of another run.</exception>
    public static TrainingState Restore(ReadOnlySpan<byte> file, string name, Network network, Optimizer optimizer, string definition, string order)
    {
        var (tensors, metadata) = SafeTensors.Read(file, name);
        Require(metadata.GetValueOrDefault("format") == Format, name, "it is no checkpoint");
        Require(metadata.GetValueOrDefault("version") == CurrentVersion, name, $"its version is {metadata.GetValueOrDefault("version")}, and this node reads version {CurrentVersion}");
        Require(metadata.GetValueOrDefault("network") == definition, name, "its network is another");
        Require(metadata.GetValueOrDefault("order") == order, name, "its dataset, seed, batch size or optimizer is another, or an older OrleansDL wrote it, which split rows by how their numbers are spelt. Start the run anew");
        Fill(network.Weights, tensors, "network.weights", name);
        Fill(network.Buffers, tensors, "network.buffers", name);
        foreach (var (key, tensor) in optimizer.State)
        {
            Fill(tensor, tensors, $"optimizer.{key}", name);
        }

        Require(tensors.TryGetValue(RandomTensor, out var random), name, $"it lacks '{RandomTensor}'");
        using var generator = tensor(random!.Data);
        set_rng_state(generator);
        return JsonSerializer.Deserialize<TrainingState>(metadata["state"], OdlJson.Options)!;
    }

    private static SafeTensor Tensor(string name, Tensor tensor)
    {
        using var local = tensor.cpu();
        return new SafeTensor(name, "F32", local.shape, local.bytes.ToArray());
    }

    private static void Fill(Tensor target, Dictionary<string, SafeTensor> tensors, string key, string name)
    {
        Require(tensors.TryGetValue(key, out var source), name, $"it lacks '{key}'");
        Require(source!.Shape.SequenceEqual(target.shape), name, $"'{key}' has another size");
        using var values = tensor(MemoryMarshal.Cast<byte, float>(source.Data).ToArray());
        target.copy_(values);
    }

    private static void Require(bool condition, string name, string reason)
    {
        if (!condition)
        {
            throw new InvalidException($"{name} cannot be gone on from: {reason}.");
        }
    }
}
