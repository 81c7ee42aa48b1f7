using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>
/// A checkpoint: one safetensors file. Tensors <c>network.weights</c> and <c>network.buffers</c> (F32, flat, in the network's own order),
/// <c>optimizer.NAME</c> (F32, flat), <c>random</c> (U8, libtorch's generator), and as the spec asks for them <c>average.weights</c>,
/// <c>best.NAME</c> and <c>good.NAME</c>. Metadata: <c>format</c> = orleansdl-checkpoint, <c>version</c> = 2, <c>step</c>, <c>state</c>
/// (<see cref="TrainingState"/> as JSON), <c>network</c> (network.json), <c>order</c> (dataset content, seed, batch size, optimizer).
/// Version 1 had no tensors but the first four, and no <see cref="TrainingState.Randomness"/>.
/// </summary>
internal static class CheckpointFile
{
    public const string Format = "orleansdl-checkpoint";
    public const string CurrentVersion = "2";

    public const string RandomTensor = "random";

    /// <summary>Part of the order where numbers decide the split: by their values, since version 2 of it.</summary>
    public const string SplitByNumbers = "/split-by-numbers=2";

    private static readonly string[] Versions = ["1", CurrentVersion];
    private static readonly string[] AlwaysThere = ["network.", "optimizer."];

    public static Dictionary<string, string> Metadata(TrainingState state, string definition, string order) => new()
    {
        ["format"] = Format,
        ["version"] = CurrentVersion,
        ["step"] = state.Step.ToString(CultureInfo.InvariantCulture),
        ["state"] = JsonSerializer.Serialize(state, OdlJson.Options),
        ["network"] = definition,
        ["order"] = order,
    };

    /// <summary>Puts everything back and returns where training goes on.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="name">What it is called in errors.</param>
    /// <param name="targets">The tensors to fill, by name. What the checkpoint does not hold of average, best and good is left as it is and named in <paramref name="missing"/>.</param>
    /// <param name="definition">The network's definition as JSON.</param>
    /// <param name="order">What the checkpoint must agree with.</param>
    /// <param name="missing">Names of tensors that the checkpoint does not hold.</param>
    /// <exception cref="InvalidException">The file is damaged, or of another run.</exception>
    public static TrainingState Restore(
        (Dictionary<string, SafeTensor> Tensors, Dictionary<string, string> Metadata) file, string name, IReadOnlyDictionary<string, Tensor> targets, string definition, string order, out IReadOnlySet<string> missing)
    {
        var (tensors, metadata) = file;
        Require(metadata.GetValueOrDefault("format") == Format, name, "it is no checkpoint");
        Require(Versions.Contains(metadata.GetValueOrDefault("version")), name, $"its version is {metadata.GetValueOrDefault("version")}, and this node reads versions {string.Join(" and ", Versions)}");
        Require(metadata.GetValueOrDefault("network") == definition, name, "its network is another");
        var written = metadata.GetValueOrDefault("order");
        var splitOtherwise = written != order && written == order.Replace(SplitByNumbers, "", StringComparison.Ordinal);
        Require(!splitOtherwise, name, "an older OrleansDL wrote it, which split rows by how their numbers are spelt and not by their values, so that other rows would train now. Start the run anew");
        Require(written == order, name, "its dataset, seed, batch size or optimizer is another. Start the run anew");
        var absent = new HashSet<string>();
        foreach (var (key, target) in targets)
        {
            if (tensors.TryGetValue(key, out var source))
            {
                Fill(target, source, name);
            }
            else
            {
                Require(!AlwaysThere.Any(part => key.StartsWith(part, StringComparison.Ordinal)), name, $"it lacks '{key}'");
                absent.Add(key);
            }
        }

        missing = absent;
        Require(tensors.TryGetValue(RandomTensor, out var random), name, $"it lacks '{RandomTensor}'");
        using var generator = tensor(random!.Data);
        set_rng_state(generator);
        return JsonSerializer.Deserialize<TrainingState>(metadata["state"], OdlJson.Options)!;
    }

    private static void Fill(Tensor target, SafeTensor source, string name)
    {
        Require(source.Shape.SequenceEqual(target.shape), name, $"'{source.Name}' has another size");
        using var scope = NewDisposeScope();
        target.copy_(tensor(MemoryMarshal.Cast<byte, float>(source.Data).ToArray()));
    }

    private static void Require(bool condition, string name, string reason)
    {
        if (!condition)
        {
            throw new InvalidException($"{name} cannot be gone on from: {reason}.");
        }
    }
}
