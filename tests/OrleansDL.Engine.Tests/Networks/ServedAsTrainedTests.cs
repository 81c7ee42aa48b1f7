using System.Runtime.InteropServices;
using OrleansDL.Inference;
using OrleansDL.Networks;
using OrleansDL.Serving;
using OrleansDL.Training;
using TorchSharp;

namespace OrleansDL.Tests.Networks;

[Collection("torch")]
public sealed class ServedAsTrainedTests
{
    public static TheoryData<string, NetworkSpec, long[]> Networks => new()
    {
        { "mlp relu", new NetworkSpec { Family = "mlp", Hidden = [16, 8] }, [5] },
        { "mlp gelu dropout", new NetworkSpec { Family = "mlp", Activation = "gelu", Dropout = 0.5 }, [5] },
        { "mlp tanh on images", new NetworkSpec { Family = "mlp", Activation = "tanh" }, [3, 4, 5] },
        { "cnn", new NetworkSpec { Family = "cnn" }, [1, 8, 8] },
        { "cnn without norm", new NetworkSpec { Family = "cnn", BatchNorm = false, Kernel = 5, Channels = [4] }, [3, 9, 7] },
        { "cnn kernel 1 gelu", new NetworkSpec { Family = "cnn", Kernel = 1, Activation = "gelu", Channels = [3, 5, 7, 9] }, [1, 5, 5] },
        { "cnn with global pool", new NetworkSpec { Family = "cnn", Channels = [32] }, [1, 64, 64] },
        { "textbag", new NetworkSpec { Family = "textbag", Embedding = 12 }, [6] },
    };

    [Theory]
    [MemberData(nameof(Networks))]
    public void A_network_is_served_as_it_was_trained_at_every_batch_size(string name, NetworkSpec spec, long[] input)
    {
        using var folder = new TestFolder();
        var tokens = spec.Family == "textbag";
        var definition = new NetworkDefinition { Network = NetworkFamilies.WithDefaults(spec), Input = input, Classes = 4, Vocabulary = tokens ? 50 : null };
        using var network = new Network(definition, 7);
        using var scope = torch.NewDisposeScope();
        for (var pass = 0; pass < 3; pass++)
        {
            // Moves the running means away from where they began.
            network.Forward(Input(9, input, tokens, pass), Pass.Training);
        }

        File.WriteAllBytes(folder["model.onnx"], network.ExportOnnx());
        using var session = ModelSession.Load(folder["model.onnx"], name);
        foreach (var batch in new[] { 1, 2, 7, 16 })
        {
            using var rows = Input(batch, input, tokens, batch);
            using var trained = network.Forward(rows, Pass.Evaluation).detach();
            using var probabilities = trained.softmax(1);
            var answer = session.Infer(new InferRequest
            {
                Inputs = [new Tensor { Name = "input", Type = tokens ? TensorElementType.Int64 : TensorElementType.Fp32, Shape = rows.shape, Data = rows.bytes.ToArray() }],
            });
            AssertClose(trained, answer.Outputs.Single(output => output.Name == "logits"));
            AssertClose(probabilities, answer.Outputs.Single(output => output.Name == "probabilities"));
        }
    }

    private static void AssertClose(torch.Tensor expected, Tensor actual)
    {
        var (left, right) = (expected.data<float>().ToArray(), MemoryMarshal.Cast<byte, float>(actual.Data.Span).ToArray());
        Assert.Equal(expected.shape, actual.Shape);
        Assert.All(left.Zip(right), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 1e-5));
    }

    private static torch.Tensor Input(int batch, long[] shape, bool tokens, int seed)
    {
        var random = new OrleansDL.Data.Xoshiro((ulong)seed);
        var count = (int)shape.Aggregate((long)batch, (product, size) => product * size);
        return tokens
            ? torch.tensor([.. Enumerable.Range(0, count).Select(index => index % shape[0] > 3 ? 0L : (long)random.Next(50))], [batch, .. shape])
            : torch.tensor([.. Enumerable.Range(0, count).Select(_ => (float)random.NextDouble() * 4 - 2)], [batch, .. shape]);
    }
}
