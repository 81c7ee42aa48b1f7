using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using OrleansDL.Predictors;
using OrleansDL.Serving;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests.Serving;

/// <summary>Models of other engines than ONNX Runtime, in a process of their own: predictors in .NET and TorchScript.</summary>
public sealed class ForeignModelTests
{
    // What tests/OrleansDL.TestPredictor takes for orders.
    private const float Throw = -1;
    private const float Refuse = -2;
    private const float Crash = -3;
    private const float Hang = -4;
    private const float WaitForCancel = -5;
    private const float AnswerWrongly = -6;
    private const string Assembly = "OrleansDL.TestPredictor.dll";

    private static byte[] Code => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory.Replace("OrleansDL.Tests", "OrleansDL.TestPredictor", StringComparison.Ordinal), Assembly));

    /// <summary>Files of the test predictor, which multiplies by three.</summary>
    internal static (string Name, byte[] Bytes)[] Moody =>
        [(PredictorSpec.File, Encoding.UTF8.GetBytes($$"""{"assembly": "{{Assembly}}"}""")), (Assembly, Code), ("factor.txt", "3"u8.ToArray())];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_predictor_answers_fails_crashes_and_hangs_and_the_model_beside_it_comes_back(bool isBoxed)
    {
        await using var host = new IsolatedHost(isBoxed);
        using var beside = await host.LoadAsync("beside", OffsetModel.Write(10));
        using var moody = await LoadAsync(host, hangSeconds: 0.5);

        Assert.True(moody.CanBatch);
        Assert.Equal("3 6 9", await TextAsync(moody, 1, 2, 3));
        var both = await moody.InferTogetherAsync([Request(1, 2), Request(5, 6)], default);
        Assert.Equal("3 6|15 18", string.Join('|', both.Select(Text)));
        Assert.Equal("Model 'moody@1' failed: NotSupportedException: not today", (await Assert.ThrowsAsync<InvalidException>(() => TextAsync(moody, Throw))).Message);
        Assert.Equal("the first number must not be -2", (await Assert.ThrowsAsync<InvalidException>(() => TextAsync(moody, Refuse))).Message);
        Assert.Equal("Model 'moody@1' did not put out 'y', which its signature names.", (await Assert.ThrowsAsync<InvalidException>(() => TextAsync(moody, AnswerWrongly))).Message);

        // It ends when it is told to: nothing is lost.
        var pid = host.Pid;
        Assert.StartsWith("The execution of model 'moody@1' took longer than 0.5 s", (await Assert.ThrowsAsync<OverloadedException>(() => TextAsync(moody, WaitForCancel))).Message, StringComparison.Ordinal);
        Assert.Equal(pid, host.Pid);

        var crashed = await Assert.ThrowsAsync<OverloadedException>(() => TextAsync(moody, Crash));
        Assert.Matches("^The process that ran model 'moody@1' ended by SIG(ABRT|SEGV)", crashed.Message);
        Assert.Equal("3", await TextAsync(moody, 1));
        Assert.Equal("11 11 11 11", await TextAsync(beside, 1, 1, 1, 1));

        // It does not: its process ends around it.
        var hung = await Assert.ThrowsAsync<OverloadedException>(() => TextAsync(moody, Hang));
        Assert.Contains("model 'moody@1' ran longer than 0.5 s and did not stop when it was told to", hung.Message, StringComparison.Ordinal);
        Assert.Equal("3", await TextAsync(moody, 1));
        Assert.Equal("11 11 11 11", await TextAsync(beside, 1, 1, 1, 1));
        Assert.Equal(6, host.Reports.Count);
        Assert.Equal(2, host.Reports.Count(report => report.Reason == "An execution took longer than 0.5 s and was ended."));
    }

    [Fact, Trait("Category", "Slow")]
    public async Task A_model_that_ends_its_process_whenever_it_is_loaded_is_left_out_after_pauses_that_grow_and_the_others_come_back()
    {
        await using var host = new IsolatedHost();
        using var moody = await LoadAsync(host, hangSeconds: 60);
        using var beside = await host.LoadAsync("beside", OffsetModel.Write(10));
        await File.WriteAllTextAsync(Path.Combine(host.Models, "1", "crash.txt"), "");
        var began = Stopwatch.GetTimestamp();
        IsolatedHost.Kill(host.Pid);

        await Eventually.TrueAsync("the model beside it", async () =>
        {
            try
            {
                return await TextAsync(beside, 1, 1, 1, 1) == "11 11 11 11";
            }
            catch (Exception error) when (error is NoCapacityException or OverloadedException)
            {
                return false;
            }
        });

        // 0.25, 0.5, 1 and 2 seconds.
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 3.75, 30);
        var left = await Assert.ThrowsAsync<NoCapacityException>(() => TextAsync(moody, 1));
        Assert.Matches("^Model 'moody@1' could not be loaded again after its process had ended: ended by SIG(ABRT|SEGV)", left.Message);
        Assert.Contains(host.Reports, report => report.Model == "moody" && report.Reason.Contains("ended by SIGKILL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_predictor_that_cannot_be_loaded_says_why()
    {
        await using var host = new IsolatedHost();
        foreach (var (predictor, message) in ((string, string)[])
        [
            ("{", "predictor.json cannot be read: "),
            ("""{"assembly": "Nobody.dll"}""", "The code holds no file 'Nobody.dll'."),
            ("""{"assembly": "../x.dll"}""", "The code holds no file '../x.dll'."),
            ("""{"assembly": "predictor.json"}""", "'predictor.json' cannot be loaded: "),
            ($$"""{"assembly": "{{Assembly}}"}""", "broken@1 has no factor.txt."),
        ])
        {
            var error = await Assert.ThrowsAnyAsync<OrleansDLException>(() => host.LoadAsync("broken", 60, (PredictorSpec.File, Encoding.UTF8.GetBytes(predictor)), (Assembly, Code)));
            Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_template_scores_rows_by_their_own_mean_and_deviation()
    {
        var predictor = new MyPredictor.Predictor();
        var answer = await predictor.PredictAsync(Request(1, 3).Inputs, default);
        Assert.Equal("-1 1", string.Join(' ', MemoryMarshal.Cast<byte, float>(answer[0].Data.Span).ToArray()));
    }

    [Fact]
    public async Task A_TorchScript_file_is_served_by_the_signature_beside_it()
    {
        await using var host = new IsolatedHost();
        var signature = new ModelSignature
        {
            Inputs = [Spec("INPUT__1"), Spec("INPUT__0")],
            Outputs = [Spec("OUTPUT__0"), Spec("OUTPUT__1")],
        };
        const string Forward = "(self: __torch__.M, a: Tensor, b: Tensor) -> Tuple[Tensor, Tensor]:\n    return (torch.sub(a, b), torch.mul(a, b))";
        using var model = await LoadAsync(host, ScriptFile.Write(Forward), signature);

        var answer = await model.InferAsync(new InferRequest { Inputs = [Input("INPUT__1", 1, 2), Input("INPUT__0", 10, 20)] }, default);
        Assert.Equal(["OUTPUT__0", "OUTPUT__1"], answer.Outputs.Select(output => output.Name));
        Assert.Equal("9 18", Text(answer));
        Assert.Equal("10 40", string.Join(' ', MemoryMarshal.Cast<byte, float>(answer.Outputs[1].Data.Span).ToArray()));
        var together = await model.InferTogetherAsync([Pair(1, 2), Pair(3, 4)], default);
        Assert.Equal("1|1", string.Join('|', together.Select(Text)));

        // The file says what it does only when it runs.
        using var wrong = await LoadAsync(host, ScriptFile.Write(Forward), signature with { Outputs = [Spec("OUTPUT__0")] });
        Assert.Equal(
            "Model 'script@1' put out 2 tensors, and its signature names 1 outputs.",
            (await Assert.ThrowsAsync<InvalidException>(async () => await wrong.InferAsync(Pair(1, 2), default))).Message);
        Assert.StartsWith("Model 'script@1' cannot be loaded: ", (await Assert.ThrowsAsync<InvalidException>(() => LoadAsync(host, "no model"u8.ToArray(), signature))).Message, StringComparison.Ordinal);
        var bare = await Assert.ThrowsAsync<InvalidException>(() => host.LoadAsync("bare", 60, ("model.pt", [1])));
        Assert.StartsWith("Model 'bare@1' has a model.pt and no signature.json.", bare.Message, StringComparison.Ordinal);

        static TensorSpec Spec(string name) => new() { Name = name, Type = TensorElementType.Fp32, Shape = [-1, -1] };
        static InferRequest Pair(float second, float first) => new() { Inputs = [Input("INPUT__1", second), Input("INPUT__0", first)] };
    }

    private static Task<IsolatedModel> LoadAsync(IsolatedHost host, double hangSeconds) => host.LoadAsync("moody", hangSeconds, Moody);

    private static Task<IsolatedModel> LoadAsync(IsolatedHost host, byte[] script, ModelSignature signature) => host.LoadAsync(
        "script", 60, ("model.pt", script), ("signature.json", JsonSerializer.SerializeToUtf8Bytes(signature, OdlJson.Options)));

    private static async Task<string> TextAsync(IsolatedModel model, params float[] values) => Text(await model.InferAsync(Request(values), default));

    private static string Text(InferAnswer answer) => string.Join(' ', MemoryMarshal.Cast<byte, float>(answer.Outputs[0].Data.Span).ToArray());

    private static InferRequest Request(params float[] values) => new() { Inputs = [Input("x", values)] };

    private static Tensor Input(string name, params float[] values) =>
        new() { Name = name, Type = TensorElementType.Fp32, Shape = [1, values.Length], Data = MemoryMarshal.AsBytes<float>(values).ToArray() };
}
