using System.Runtime.InteropServices;
using System.Text.Json;
using OrleansDL.Data;
using OrleansDL.Inference;
using OrleansDL.Native;
using OrleansDL.Networks;
using OrleansDL.Serving;
using TorchSharp;
using Tensor = OrleansDL.Serving.Tensor;

namespace OrleansDL.Tests.Networks;

/// <summary>What trains is what is served: libtorch and ONNX Runtime give the same numbers for networks of every family.</summary>
[Collection("torch")]
public sealed class ParityTests
{
    private const double Tolerance = 1e-5;

    public static TheoryData<string> Families => [.. RandomSpecs.Families];

    [Theory]
    [MemberData(nameof(Families))]
    public void A_network_is_served_as_it_was_trained(string family) => Check(family, family == "resnet" ? [1, 211, 272] : [1, 2, 3, 4, 5, 6]);

    [Theory, Trait("Category", "Slow")]
    [MemberData(nameof(Families))]
    public void Two_hundred_networks_of_each_family_are_served_as_they_were_trained(string family) =>
        Check(family, Enumerable.Range(100, 200).Select(seed => (ulong)seed));

    private static void Check(string family, IEnumerable<ulong> seeds)
    {
        TorchLibrary.Load();
        using var folder = new TestFolder();
        foreach (var seed in seeds)
        {
            Check(new RandomSpecs(seed).Next(family), seed, folder[$"{family}-{seed}.onnx"]);
        }
    }

    private static void Check(NetworkDefinition definition, ulong seed, string file)
    {
        var what = $"seed {seed}: {JsonSerializer.Serialize(definition, OdlJson.Options)}";
        var random = new Xoshiro(seed);
        using var scope = torch.NewDisposeScope();
        using var network = new Network(definition, seed);
        var planned = definition.Plan();
        var learnt = network.Weights.shape[0];
        Assert.True(planned.Parameters == learnt, $"{planned.Parameters} parameters planned, {learnt} there; {what}");
        Learn(network, definition, random);
        File.WriteAllBytes(file, network.ExportOnnx());
        using var session = ModelSession.Load(file, definition.Network.Family);
        foreach (var batch in new[] { 1, 3, 16 })
        {
            var length = definition.Vocabulary is null ? 0 : 1 + (long)random.Next((ulong)definition.Input[0]);
            using var rows = Rows(definition, batch, length, random);
            var expected = network.Forward(rows, Pass.Evaluation).detach();
            Assert.True(expected.shape[0] == batch && (definition.Vocabulary is not null || expected.shape.Skip(1).SequenceEqual(planned.Output.Sizes)), $"shape; {what}");
            var answer = session.Infer(new InferRequest
            {
                Inputs = [new Tensor { Name = "input", Type = definition.Vocabulary is null ? TensorElementType.Fp32 : TensorElementType.Int64, Shape = rows.shape, Data = rows.bytes.ToArray() }],
            });
            var outputs = Outputs(definition.Head!, expected);
            var exact = new Lazy<(string Name, torch.Tensor Values)[]>(() => Outputs(definition.Head!, InDoubles(network, rows)));
            foreach (var (index, (name, values)) in outputs.Index())
            {
                AssertClose(values, answer.Outputs.Single(output => output.Name == name), () => exact.Value[index].Values, what);
            }
        }
    }

    private static (string Name, torch.Tensor Values)[] Outputs(string head, torch.Tensor output) => head switch
    {
        "label" or "sequence" => [("logits", output), ("probabilities", output.softmax(-1))],
        "labels" => [("logits", output), ("probabilities", output.sigmoid())],
        "next-token" => [("logits", output)],
        "regression" => [("values", output)],
        _ => [(head, output)],
    };

    /// <summary>Steps that move weights and running means away from where they began; every learnt value must have its part.</summary>
    private static void Learn(Network network, NetworkDefinition definition, Xoshiro random)
    {
        for (var step = 0; step < 2; step++)
        {
            using var scope = torch.NewDisposeScope();
            var output = network.Forward(Rows(definition, 9, definition.Input[0], random), Pass.Training);
            network.Gradients.zero_();
            (output * output).mean().backward();
            using var guard = torch.no_grad();
            Assert.True(network.Gradients.isfinite().all().item<bool>(), "A gradient is no number.");
            network.Weights.add_(network.Gradients.clamp(-1, 1), -0.01);
        }
    }

    /// <summary>The output computed in 64 bits from the same weights.</summary>
    private static torch.Tensor InDoubles(Network network, torch.Tensor rows)
    {
        var whole = network.Parameters.Select(parameter => parameter.Tensor).ToList();
        foreach (var parameter in network.Parameters)
        {
            parameter.Tensor = parameter.Tensor.detach().to(torch.ScalarType.Float64);
        }

        var exact = network.Forward(rows.is_floating_point() ? rows.to(torch.ScalarType.Float64) : rows, Pass.Evaluation).detach();
        foreach (var (index, parameter) in network.Parameters.Index())
        {
            parameter.Tensor = whole[index];
        }

        return exact;
    }

    private static void AssertClose(torch.Tensor expected, Tensor actual, Func<torch.Tensor> exact, string what)
    {
        var (left, right) = (expected.contiguous().data<float>().ToArray(), MemoryMarshal.Cast<byte, float>(actual.Data.Span).ToArray());
        Assert.Equal(expected.shape, actual.Shape);
        var scale = Math.Max(1, left.Max(Math.Abs));
        var difference = left.Zip(right).Max(pair => Math.Abs(pair.First - pair.Second) / scale);
        if (difference > Tolerance)
        {
            // Of deep networks both may be off, to different sides: what is served is then no further from what 64 bits give than what was trained.
            var truth = exact().contiguous().data<double>().ToArray();
            var (libtorch, served) = (Distance(left), Distance(right));
            var found = $"{actual.Name} differs by {difference}: libtorch by {libtorch} from 64 bits, ONNX Runtime by {served}; {what}";
            Assert.True(served <= Math.Max(Tolerance, libtorch), found);

            double Distance(float[] values) => values.Zip(truth).Max(pair => Math.Abs(pair.First - pair.Second) / scale);
        }
    }

    /// <summary>Text ends in padding, of some rows nothing but padding; some words are no words.</summary>
    private static torch.Tensor Rows(NetworkDefinition definition, int batch, long length, Xoshiro random)
    {
        if (definition.Vocabulary is { } vocabulary)
        {
            var tokens = new long[batch * length];
            for (var row = 0; row < batch; row++)
            {
                var words = row % 5 == 4 ? 0 : row == 0 ? length : (long)random.Next((ulong)length + 1);
                for (var at = 0; at < words; at++)
                {
                    tokens[(row * length) + at] = (long)random.Next((ulong)vocabulary);
                }
            }

            return torch.tensor(tokens, [batch, length]);
        }

        var count = (int)definition.Input.Aggregate((long)batch, (product, size) => product * size);
        var width = (int)definition.Input[^1];
        var categories = definition.Categorical?.Cardinalities ?? [];
        var values = Enumerable.Range(0, count).Select(index => width - (index % width) is var left && left <= categories.Count
            ? (float)random.Next((ulong)categories[categories.Count - left])
            : (float)((random.NextDouble() * 4) - 2));
        return torch.tensor([.. values], [batch, .. definition.Input]);
    }
}
