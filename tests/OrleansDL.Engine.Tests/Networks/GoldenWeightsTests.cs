using System.Security.Cryptography;
using System.Text;
using OrleansDL.Networks;
using OrleansDL.Training;

namespace OrleansDL.Tests.Networks;

[Collection("torch")]
public sealed class GoldenWeightsTests
{
    private static readonly (string Name, NetworkDefinition Definition)[] Networks =
    [
        ("mlp", Define(new NetworkSpec { Family = "mlp", Hidden = [16, 8], Dropout = 0.2 }, [5])),
        ("mlp on images", Define(new NetworkSpec { Family = "mlp", Activation = "tanh" }, [3, 4, 5])),
        ("cnn", Define(new NetworkSpec { Family = "cnn" }, [1, 28, 28])),
        ("cnn with global pool", Define(new NetworkSpec { Family = "cnn", Channels = [32], BatchNorm = false, Kernel = 5, Activation = "gelu" }, [3, 64, 64])),
        ("textbag", Define(new NetworkSpec { Family = "textbag", Embedding = 12 }, [6], 50)),
    ];

    [Fact]
    public void The_families_of_version_1_keep_their_weights_and_their_exports_for_ever()
    {
        var lines = Networks.Select(entry =>
        {
            using var network = new Network(entry.Definition, 7);
            return $"{entry.Name} weights {Digest(network.Weights.bytes.ToArray())} buffers {Digest(network.Buffers.bytes.ToArray())} onnx {Digest(network.ExportOnnx())}\n";
        });
        Golden.Check("networks-v1.txt", Encoding.UTF8.GetBytes(string.Concat(lines)));
    }

    private static string Digest(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static NetworkDefinition Define(NetworkSpec spec, long[] input, long? vocabulary = null) =>
        new() { Network = NetworkFamilies.WithDefaults(spec), Input = input, Vocabulary = vocabulary, Classes = 4 };
}
