using OrleansDL.Networks;
using static OrleansDL.Training.SpecCheck;

namespace OrleansDL.Training;

/// <summary>What a network spec must keep to before any data is seen.</summary>
internal static class NetworkSpecRules
{
    private static readonly int[] Sizes = [18, 34, 50];

    public static void Check(NetworkSpec network)
    {
        OneOf("network.family", network.Family, NetworkFamily.Names, "Families");
        SpecCheck.Sizes("network.hidden", network.Hidden, 8192);
        SpecCheck.Sizes("network.channels", network.Channels, 1024);
        Range("network.dropout", network.Dropout, 0, 0.9);
        Range("network.embedding", network.Embedding, 1, 4096);
        Range("network.kernel", network.Kernel, 1, 11);
        Require(network.Kernel is null || network.Kernel % 2 == 1, $"network.kernel is {network.Kernel}. Give an odd number from 1 to 11.");
        Require(network.Size is null || Sizes.Contains(network.Size.Value), $"network.size is {network.Size}. Give {string.Join(", ", Sizes)}.");
        Range("network.width", network.Width, 1, 8192);
        Range("network.layers", network.Layers, 1, 48);
        Range("network.attentionHeads", network.AttentionHeads, 1, 128);
        Range("network.feedForward", network.FeedForward, 1, 65_536);
        Range("network.steps", network.Steps, 1, 65_536);
        Choice("network.activation", network.Activation, BlockKind.Activations, "Activations");
        Choice("network.positions", network.Positions, ["learnt", "sinusoidal"], "Positions");
        Choice("network.pooling", network.Pooling, BlockKind.Poolings, "Poolings");
        Choice("network.norm", network.Norm, ["batch", "layer", "group", "none"], "Norms");
        Choice("network.stem", network.Stem, ["auto", "small", "large"], "Stems");
        Choice("network.categorical", network.Categorical, ["oneHot", "embedding"], "Choices");
        CheckBelonging(network);
        CheckTogether(network);
        if (network.Family == "blocks")
        {
            BlockRules.Check(network.Blocks, "network.blocks");
        }
    }

    /// <summary>Whether the family takes that kind of input.</summary>
    public static void CheckFit(string family, string? kind) => Require(
        kind is null || NetworkFamily.Find(family)!.Inputs.Contains(kind),
        $"network.family '{family}' does not take input.kind '{kind}'. {family} takes {string.Join(" and ", NetworkFamily.Find(family)!.Inputs)}; {NetworkFamily.That(kind)}.");

    private static void CheckBelonging(NetworkSpec network)
    {
        var family = NetworkFamily.Find(network.Family)!;
        foreach (var (option, _) in NetworkFamily.Given(network).Where(option => !family.Options.Contains(option.Name)))
        {
            throw new InvalidException($"network.{option} does not belong to network.family '{network.Family}', only to {NetworkFamily.With(option)}. Take it out.");
        }
    }

    private static void CheckTogether(NetworkSpec network)
    {
        if (network.Family is "encoder" or "gpt")
        {
            var (width, heads) = (network.Width ?? NetworkFamilies.Width, network.AttentionHeads ?? NetworkFamilies.AttentionHeads);
            Require(width % heads == 0, $"network.attentionHeads is {heads}, which does not divide network.width {width}.");
        }

        Require(
            network.Family != "mlp" || network.Embedding is null || network.Categorical == "embedding",
            "network.embedding belongs to network.categorical 'embedding' when network.family is 'mlp'. Set it, or take embedding out.");
        Require(network.Family != "tcn" || network.Norm != "group", "network.norm 'group' takes images, and family 'tcn' series. Take 'layer' or 'batch'.");
    }

    private static void Choice(string path, string? value, string[] allowed, string title)
    {
        if (value is not null)
        {
            OneOf(path, value, allowed, title);
        }
    }
}
