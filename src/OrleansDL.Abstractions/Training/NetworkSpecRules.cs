using static OrleansDL.Training.SpecCheck;

namespace OrleansDL.Training;

/// <summary>What a network spec must keep to before any data is seen.</summary>
internal static class NetworkSpecRules
{
    private static readonly string[] Families = ["mlp", "cnn", "textbag"];
    private static readonly string[] Activations = ["relu", "gelu", "tanh"];

    public static void Check(NetworkSpec network)
    {
        OneOf("network.family", network.Family, Families, "Families");
        Sizes("network.hidden", network.Hidden, 8192);
        Sizes("network.channels", network.Channels, 1024);
        Range("network.dropout", network.Dropout, 0, 0.9);
        Range("network.embedding", network.Embedding, 1, 4096);
        Range("network.kernel", network.Kernel, 1, 11);
        Require(network.Kernel is null || network.Kernel % 2 == 1, $"network.kernel is {network.Kernel}. Give an odd number from 1 to 11.");
        if (network.Activation is not null)
        {
            OneOf("network.activation", network.Activation, Activations, "Activations");
        }

        Belongs(network, "channels", network.Channels is not null, "cnn");
        Belongs(network, "kernel", network.Kernel is not null, "cnn");
        Belongs(network, "batchNorm", network.BatchNorm is not null, "cnn");
        Belongs(network, "embedding", network.Embedding is not null, "textbag");
    }

    /// <summary>Whether the family takes that kind of input.</summary>
    public static void CheckFit(string family, string? kind) => Require(
        (family, kind) is (_, null) or ("mlp", "table" or "image") or ("cnn", "image") or ("textbag", "text"),
        $"network.family '{family}' does not take input.kind '{kind}'. mlp takes table and image, cnn takes image, textbag takes text.");

    private static void Belongs(NetworkSpec network, string parameter, bool given, string family) => Require(
        !given || network.Family == family,
        $"network.{parameter} does not belong to network.family '{network.Family}', only to '{family}'. Take it out.");
}
