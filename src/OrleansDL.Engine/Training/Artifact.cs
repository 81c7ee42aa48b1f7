using System.Text.Json;
using OrleansDL.Data;
using OrleansDL.Heads;
using OrleansDL.Networks;
using OrleansDL.Serving;

namespace OrleansDL.Training;

/// <summary>The files of a trained model. Equal seeds give equal bytes; only metrics.json knows how long it took.</summary>
internal static class Artifact
{
    public static void Write(string folder, Network network, NetworkDefinition definition, TrainingData data, IReadOnlyDictionary<string, double> metrics)
    {
        WriteNetwork(folder, network);
        AtomicFile.Write(Path.Combine(folder, "pipeline.json"), data.Pipeline.Write(), lasting: false);
        WriteJson(folder, "network.json", definition);
        WriteJson(folder, "signature.json", Signature(definition));
        WriteJson(folder, "reference.json", ReferenceStatistics.Of(data));
        WriteJson(folder, "metrics.json", metrics);
    }

    /// <summary>The network alone: what it computes and what it learnt.</summary>
    public static void WriteNetwork(string folder, Network network)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.Write(Path.Combine(folder, "model.onnx"), network.ExportOnnx(), lasting: false);
        AtomicFile.Write(Path.Combine(folder, "weights.safetensors"), Weights(network), lasting: false);
        if (network.ExportGeneration() is { } generation)
        {
            AtomicFile.Write(Path.Combine(folder, "generation.onnx"), generation, lasting: false);
        }
    }

    public static void WriteJson<T>(string folder, string name, T value) =>
        AtomicFile.Write(Path.Combine(folder, name), JsonSerializer.SerializeToUtf8Bytes(value, OdlJson.Options), lasting: false);

    private static byte[] Weights(Network network) => SafeTensors.Write(
        [.. network.Parameters.Select(parameter => new SafeTensor(
            parameter.Name, "F32", parameter.Shape, System.Runtime.InteropServices.MemoryMarshal.AsBytes(parameter.Values().AsSpan()).ToArray()))],
        new Dictionary<string, string> { ["format"] = "orleansdl-weights", ["version"] = "1" });

    private static ModelSignature Signature(NetworkDefinition definition)
    {
        var text = definition.Vocabulary is not null;
        return new ModelSignature
        {
            Inputs = [new TensorSpec
            {
                Name = "input",
                Type = text ? TensorElementType.Int64 : TensorElementType.Fp32,
                Shape = text ? [-1, -1] : [-1, .. definition.Input],
            }],
            Outputs = Outputs(definition),
        };
    }

    /// <summary>What the exported network puts out, by its head.</summary>
    private static IReadOnlyList<TensorSpec> Outputs(NetworkDefinition definition)
    {
        var plan = definition.Plan();
        long[] shape = [-1, .. plan.Output.IsPadded ? [-1, .. plan.Output.Sizes.Skip(1)] : plan.Output.Sizes];
        return definition.Head switch
        {
            HeadNames.Regression => [Output("values", shape)],
            HeadNames.NextToken => [Output("logits", shape)],
            HeadNames.Embedding => [Output("embedding", shape)],
            HeadNames.Reconstruction => [Output("reconstruction", shape), .. Embedding(plan)],
            _ => [Output("logits", shape), Output("probabilities", shape)],
        };
    }

    private static IEnumerable<TensorSpec> Embedding(NetworkPlan plan) => plan.Blocks
        .Where(block => block.Name == NetworkPlan.EmbeddingBlock && block.Output.Kind is BlockShapeKind.Row)
        .Select(block => Output("embedding", [-1, block.Output.Width]));

    private static TensorSpec Output(string name, IReadOnlyList<long> shape) => new() { Name = name, Type = TensorElementType.Fp32, Shape = shape };
}
