using System.Text.Json;
using OrleansDL.Serving;
using OrleansDL.Tests.Architecture;
using Xunit.Abstractions;

namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>ONNX's own conformance models, served from a repository and asked over the wire: what comes out is what must.</summary>
[Collection(ProtocolCollection.Name)]
public sealed class OnnxConformanceTests(ProtocolNode node, ITestOutputHelper output)
{
    // What ONNX's own runner of these models allows.
    private const double Relative = 1e-3;
    private const double Absolute = 1e-7;
    private static readonly string NotServed = Path.Combine(Sources.Root, "tests/OrleansDL.Tests/Serving/Conformance/not-served.txt");

    /// <summary>One model or more of each datatype, as input or output.</summary>
    [Theory]
    [InlineData("node/test_and2d", "BOOL", true)]
    [InlineData("node/test_add_uint8", "UINT8", true)]
    [InlineData("node/test_mod_uint16", "UINT16", true)]
    [InlineData("node/test_max_uint32", "UINT32", true)]
    [InlineData("node/test_max_uint64", "UINT64", true)]
    [InlineData("node/test_max_int8", "INT8", true)]
    [InlineData("node/test_mod_mixed_sign_int16", "INT16", true)]
    [InlineData("node/test_max_int32", "INT32", true)]
    [InlineData("node/test_max_int64", "INT64", true)]
    [InlineData("node/test_cast_FLOAT16_to_DOUBLE", "FP16", false)]
    [InlineData("node/test_max_float16", "FP16", false)]
    [InlineData("node/test_cast_BFLOAT16_to_FLOAT", "BF16", false)]
    [InlineData("node/test_add", "FP32", true)]
    [InlineData("node/test_max_float64", "FP64", true)]
    [InlineData("node/test_cast_STRING_to_FLOAT", "BYTES", false)]
    [InlineData("node/test_strnormalizer_nostopwords_nochangecase", "BYTES", true)]
    [InlineData("node/test_dropout_default_mask", "BOOL", true)]
    [InlineData("node/test_nonzero_example", "INT64", true)]
    [InlineData("simple/test_expand_shape_model1", "FP32", true)]
    public async Task A_model_of_every_datatype_answers_as_it_must_over_every_protocol(string name, string datatype, bool hasJson)
    {
        var model = new OnnxCase(Path.Combine(OnnxCase.Root, name));
        Assert.Null(await FailureAsync(model, hasJson));
        using var metadata = JsonDocument.Parse(await node.Http.GetStringAsync($"/v2/models/{model.Model}"));
        Assert.Contains(datatype, metadata.RootElement.ToString(), StringComparison.Ordinal);
    }

    [Fact, Trait("Category", "Slow")]
    public async Task Every_model_of_the_conformance_data_answers_as_it_must_but_those_named()
    {
        var lines = File.ReadAllLines(NotServed).Where(line => line.Length > 0 && line[0] is not '#').Select(line => line.Split(' ', 2)[0]).ToList();
        var (named, open) = (lines.Select(line => line.TrimStart('?')).ToHashSet(StringComparer.Ordinal), lines.Where(line => line[0] is '?').Select(line => line[1..]).ToHashSet(StringComparer.Ordinal));
        var (right, wrong, better) = (0, new List<string>(), new List<string>());
        foreach (var model in OnnxCase.All())
        {
            if (await FailureAsync(model, withJson: false) is { } failure)
            {
                if (!named.Contains(model.Name))
                {
                    wrong.Add($"{model.Name} {failure}");
                }
            }
            else
            {
                right++;
                if (named.Contains(model.Name) && !open.Contains(model.Name))
                {
                    better.Add(model.Name);
                }
            }
        }

        output.WriteLine($"{right} right, {named.Count} named");
        Assert.True(wrong.Count == 0 && better.Count == 0, $"{right} right; wrong:\n{string.Join('\n', wrong)}\nnamed, and right:\n{string.Join('\n', better)}");
    }

    /// <summary>Null when the model answers as it must.</summary>
    private async Task<string?> FailureAsync(OnnxCase model, bool withJson)
    {
        try
        {
            using var loaded = await node.LoadAsync(model.Model, model.Onnx);
            if (!loaded.IsSuccessStatusCode)
            {
                return await loaded.Content.ReadAsStringAsync();
            }

            var config = await node.Http.GetStringAsync($"/v2/models/{model.Model}");
            using var metadata = JsonDocument.Parse(config);
            foreach (var set in model.Sets)
            {
                var inputs = Named(OnnxCase.Inputs(set), metadata, "inputs");
                var expected = Named(OnnxCase.Outputs(set), metadata, "outputs");
                Compare(expected, await ProtocolCaller.BinaryAsync(node.Http, model.Model, inputs), "REST");
                Compare(expected, await ProtocolCaller.RpcAsync(node.Rpc, model.Model, inputs), "gRPC");
                if (withJson)
                {
                    Compare(expected, await ProtocolCaller.JsonAsync(node.Http, model.Model, inputs), "JSON");
                }
            }

            return null;
        }
        catch (Exception error)
        {
            return error.Message.ReplaceLineEndings(" ");
        }
    }

    private static List<Tensor> Named(IReadOnlyList<Tensor> tensors, JsonDocument metadata, string ends)
    {
        var known = metadata.RootElement.GetProperty(ends).EnumerateArray().Select(end => (Name: end.GetProperty("name").GetString()!, Type: end.GetProperty("datatype").GetString())).ToList();
        return [.. tensors.Select((tensor, index) =>
        {
            var end = known.Find(end => end.Name == tensor.Name) is { Name: not null } found ? found : known[index];

            // The data's own files hold BF16 as its bits.
            return new Tensor { Name = end.Name, Type = end.Type is "BF16" && tensor.Type is TensorElementType.UInt16 ? TensorElementType.Bf16 : tensor.Type, Shape = tensor.Shape, Data = tensor.Data };
        })];
    }

    private static void Compare(IReadOnlyList<Tensor> expected, IReadOnlyList<Tensor> actual, string protocol)
    {
        foreach (var right in expected)
        {
            var given = actual.FirstOrDefault(tensor => tensor.Name == right.Name) ?? throw new InvalidDataException($"{protocol}: no output '{right.Name}'");
            if (given.Type != right.Type || !given.Shape.AsSpan().SequenceEqual(right.Shape))
            {
                throw new InvalidDataException($"{protocol}: '{right.Name}' is {given.Type} [{string.Join(',', given.Shape)}], expected {right.Type} [{string.Join(',', right.Shape)}]");
            }

            if (right.Type is TensorElementType.Bytes)
            {
                if (!given.Data.Span.SequenceEqual(right.Data.Span))
                {
                    throw new InvalidDataException($"{protocol}: '{right.Name}' has other texts");
                }
            }
            else if (OnnxTensorFile.Numbers(given).Zip(OnnxTensorFile.Numbers(right)).Where(pair => !IsNear(pair.First, pair.Second)).ToList() is [var (first, second), ..] different)
            {
                throw new InvalidDataException($"{protocol}: '{right.Name}' has {different.Count} other values, {first:R} instead of {second:R}");
            }
        }
    }

    private static bool IsNear(double given, double right) =>
        given.Equals(right) || Math.Abs(given - right) <= Absolute + (Relative * Math.Abs(right));
}
