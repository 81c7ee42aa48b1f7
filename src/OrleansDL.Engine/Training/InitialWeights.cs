using System.Globalization;
using OrleansDL.Networks;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>Puts the weights of a file into a network that is about to train, by the names of its parameters.</summary>
internal static class InitialWeights
{
    private const string FileName = "weights.safetensors";
    private const int Shown = 20;

    /// <summary>Does nothing when the run begins at random.</summary>
    /// <exception cref="InvalidException">The file is damaged, or, when strict, does not fit; the message names what does not.</exception>
    public static void Fill(Network network, RunnerAssignment assignment, TrainingHooks hooks)
    {
        if (assignment.Spec.Initialize is { } initialize)
        {
            var folder = assignment.ModelDirectory ?? throw new InvalidException("initialize has a source, but its file did not come with the run. Create the run again.");
            var line = Fill(network, Path.Combine(folder, FileName), initialize.Model ?? $"{initialize.Dataset}/{initialize.File}", initialize);
            hooks.Logged?.Invoke(line);
        }
    }

    /// <returns>What was done, for people.</returns>
    public static string Fill(Network network, string path, string name, InitializeSpec initialize)
    {
        using var file = new SafeTensorFile(path, name);
        var (tensors, extra) = Named(file, network, initialize, name);
        var missing = network.Parameters.Where(parameter => !tensors.ContainsKey(parameter.Name)).Select(parameter => parameter.Name).ToList();
        var misshaped = network.Parameters
            .Where(parameter => tensors.TryGetValue(parameter.Name, out var tensor) && !file.ShapeOf(tensor).SequenceEqual(parameter.Shape))
            .Select(parameter => $"{parameter.Name} [{string.Join(", ", file.ShapeOf(tensors[parameter.Name]))}, not {string.Join(", ", parameter.Shape)}]").ToList();
        var problems = string.Concat(Tell("missing", missing), Tell("extra", extra), Tell("of another shape", misshaped));
        if (problems.Length > 0 && initialize.Strict is not false)
        {
            throw new InvalidException($"The weights of {name} do not fit the network:{problems} Map names by initialize.prefixes, or set initialize.strict to false to begin the rest at random.");
        }

        var taken = network.Parameters.Where(parameter => tensors.TryGetValue(parameter.Name, out var tensor) && file.ShapeOf(tensor).SequenceEqual(parameter.Shape)).ToList();
        if (taken.Count == 0)
        {
            throw new InvalidException($"No weight of {name} fits the network:{problems} Map names by initialize.prefixes.");
        }

        using var guard = no_grad();
        using var scope = NewDisposeScope();
        foreach (var parameter in taken)
        {
            var values = file.ReadFloats(tensors[parameter.Name]);
            if (!Array.TrueForAll(values, float.IsFinite))
            {
                throw new InvalidException($"{name}: tensor '{tensors[parameter.Name]}' holds a value that is no finite number.");
            }

            parameter.Tensor.copy_(tensor(values).view(parameter.Shape));
        }

        return string.Create(
            CultureInfo.InvariantCulture, $"Began with {taken.Count} of {network.Parameters.Count} tensors from {name}{(problems.Length > 0 ? $";{problems}" : "")}");
    }

    /// <summary>Tensors of the file by the network's names for them, and those the network has no name for.</summary>
    private static (Dictionary<string, string> Tensors, List<string> Extra) Named(SafeTensorFile file, Network network, InitializeSpec initialize, string name)
    {
        var known = network.Parameters.Select(parameter => parameter.Name).ToHashSet(StringComparer.Ordinal);
        var prefixes = (initialize.Prefixes ?? new Dictionary<string, string>()).OrderByDescending(prefix => prefix.Key.Length).ToList();
        var tensors = new Dictionary<string, string>(StringComparer.Ordinal);
        List<string> extra = [];
        foreach (var tensor in file.Names.Order(StringComparer.Ordinal))
        {
            var prefix = prefixes.Find(candidate => tensor.StartsWith(candidate.Key, StringComparison.Ordinal));
            var target = prefix.Key is null ? tensor : prefix.Value + tensor[prefix.Key.Length..];
            if (!known.Contains(target))
            {
                extra.Add(tensor);
            }
            else if (!tensors.TryAdd(target, tensor))
            {
                throw new InvalidException($"{name}: tensors '{tensors[target]}' and '{tensor}' both become '{target}'. Change initialize.prefixes.");
            }
        }

        return (tensors, extra);
    }

    private static string Tell(string what, List<string> names) => names.Count == 0
        ? ""
        : $" {names.Count} {what} ({string.Join(", ", names.Take(Shown))}{(names.Count > Shown ? ", ..." : "")}).";
}
