using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using OrleansDL.Inference;
using OrleansDL.Serving;
using Xunit.Abstractions;

namespace OrleansDL.Tests.Inference;

[Collection("torch")]
public sealed class ModelSessionTests(TinyModel model, ITestOutputHelper output) : IClassFixture<TinyModel>
{
    [Fact]
    public void The_signature_in_the_artifact_is_the_models_own() => Assert.Equal(
        JsonSerializer.Serialize(model.Session.Signature, OdlJson.Options),
        File.ReadAllText(Path.Combine(model.Folder, "signature.json")));

    [Theory]
    [InlineData("x", TensorElementType.Fp32, new long[] { 1, 64 }, 256, "unexpected inference input 'x' for model 'digits'")]
    [InlineData("input", TensorElementType.Int32, new long[] { 1, 64 }, 256, "inference input 'input' data-type is 'INT32', but model 'digits' expects 'FP32'")]
    [InlineData("input", TensorElementType.Fp32, new long[] { 1, 63 }, 252, "unexpected shape for input 'input' for model 'digits'. Expected [-1,64], got [1,63]. ")]
    [InlineData("input", TensorElementType.Fp32, new long[] { 64 }, 256, "unexpected shape for input 'input' for model 'digits'. Expected [-1,64], got [64]. ")]
    [InlineData("input", TensorElementType.Fp32, new long[] { -1, 64 }, 256, "unexpected shape for input")]
    [InlineData("input", TensorElementType.Fp32, new long[] { 2, 64 }, 256, "input byte size mismatch for input 'input' for model 'digits'. Expected 512, got 256")]
    [InlineData("input", TensorElementType.Fp32, new long[] { long.MaxValue, 64 }, 256, "invalid shape for input 'input': shape [9223372036854775807,64] causes total element count to exceed maximum size of 9223372036854775807")]
    public void A_tensor_that_does_not_fit_is_refused_in_the_protocols_words(string name, TensorElementType type, long[] shape, int bytes, string message)
    {
        var request = new InferRequest { Inputs = [new Tensor { Name = name, Type = type, Shape = shape, Data = new byte[bytes] }] };
        Assert.StartsWith(message, Assert.Throws<InvalidException>(() => model.Session.Infer(request)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_inputs_and_unknown_outputs_are_named()
    {
        Assert.Equal(
            "expected 1 inputs but got 0 inputs for model 'digits'. Got input(s) [], but missing required input(s) ['input']. Please provide all required input(s).",
            Assert.Throws<InvalidException>(() => model.Session.Infer(new InferRequest { Inputs = [] })).Message);
        Assert.Equal(
            "unexpected inference output 'y' for model 'digits'",
            Assert.Throws<InvalidException>(() => model.Session.Infer(new InferRequest { Inputs = [Input(1, 0)], Outputs = ["y"] })).Message);
    }

    [Theory]
    [InlineData("{}", "rows is no array.")]
    [InlineData("[]", "rows is empty.")]
    [InlineData("[[1,2]]", "rows[0] has 2 values where 64 were expected.")]
    [InlineData("[[1,", "rows is no valid JSON")]
    [InlineData("[1] [2]", "rows is no valid JSON")]
    public void Rows_that_do_not_fit_are_refused(string rows, string message) => Assert.StartsWith(
        message, Assert.Throws<InvalidException>(() => model.Session.Predict(new PredictRequest { Rows = Encoding.UTF8.GetBytes(rows) })).Message, StringComparison.Ordinal);

    [Fact]
    public void Deep_json_is_refused() => Assert.StartsWith(
        "rows is no valid JSON",
        Assert.Throws<InvalidException>(() => model.Session.Predict(new PredictRequest { Rows = Encoding.UTF8.GetBytes(new string('[', 100_000)) })).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Rows_and_tensors_get_the_same_answers_in_any_batch()
    {
        var lines = TestFolder.Digits().Take(600).Select(line => string.Join(',', line.Split(',').Take(64)));
        var together = model.Session.Predict(new PredictRequest { Rows = Encoding.UTF8.GetBytes($"[{string.Join(',', lines.Select(line => $"[{line}]"))}]"), Top = 3 });
        Assert.Equal(600, together.Rows.Count);
        foreach (var (index, line) in lines.Index().Where(line => line.Index % 50 == 0))
        {
            var alone = model.Session.Predict(new PredictRequest { Rows = Encoding.UTF8.GetBytes($"[[{line}]]"), Top = 3 });
            Assert.Equal(alone.Rows[0].Select(label => label.Label), together.Rows[index].Select(label => label.Label));
        }
    }

    [Fact]
    public async Task Many_callers_at_once_each_get_their_own_answer()
    {
        var expected = Enumerable.Range(0, 16).Select(seed => Bytes(model.Session.Infer(new InferRequest { Inputs = [Input(1 + (seed % 3), seed)] }))).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(caller => Task.Run(() =>
        {
            for (var call = 0; call < 300; call++)
            {
                var seed = (call + caller) % 16;
                Assert.Equal(expected[seed], Bytes(model.Session.Infer(new InferRequest { Inputs = [Input(1 + (seed % 3), seed)] })));
            }
        })));
    }

    [Fact]
    public void The_hot_path_allocates_nothing_once_warm()
    {
        var input = Input(1, 3).Data.ToArray();
        long[] shape = [1, 64];
        var scores = new byte[40];
        for (var warm = 0; warm < 200; warm++)
        {
            model.Session.Infer(input, shape, 1, scores);
        }

        const int Calls = 2000;
        var time = Stopwatch.StartNew();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var call = 0; call < Calls; call++)
        {
            model.Session.Infer(input, shape, 1, scores);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        output.WriteLine($"{time.Elapsed.TotalMicroseconds / Calls:0.0} us and {allocated / (double)Calls:0.0} bytes a call");
        Assert.Equal(0, allocated / Calls);
        Assert.Equal(1, MemoryMarshal.Cast<byte, float>(scores).ToArray().Sum(), 1e-5);
    }

    [Fact]
    public void What_is_no_model_is_refused_with_a_reason()
    {
        using var folder = new TestFolder();
        Assert.Throws<NotFoundException>(() => ModelSession.Load(folder.Path, "m"));
        File.WriteAllText(folder["model.onnx"], "this is no ONNX file");
        Assert.StartsWith("Model 'm' cannot be loaded: ", Assert.Throws<InvalidException>(() => ModelSession.Load(folder.Path, "m")).Message, StringComparison.Ordinal);
    }

    private static byte[] Bytes(InferAnswer answer) => answer.Outputs.Single(tensor => tensor.Name == "probabilities").Data.ToArray();

    private static Tensor Input(int batch, int seed)
    {
        var random = new OrleansDL.Data.Xoshiro((ulong)seed);
        var values = new float[batch * 64];
        foreach (ref var value in values.AsSpan())
        {
            value = (float)random.NextDouble();
        }

        return new Tensor { Name = "input", Type = TensorElementType.Fp32, Shape = [batch, 64], Data = MemoryMarshal.AsBytes(values.AsSpan()).ToArray() };
    }
}
