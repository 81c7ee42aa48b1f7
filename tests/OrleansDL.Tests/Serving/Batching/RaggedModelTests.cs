using System.Runtime.InteropServices;
using OrleansDL.Inference;
using OrleansDL.Serving;
using OrleansDL.Serving.Batching;

namespace OrleansDL.Tests.Serving.Batching;

/// <summary>Requests of different shapes, run as one by real models.</summary>
public sealed class RaggedModelTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("odl-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(BatchInputKind.ElementCount, new float[] { 2, 4, 1, 3 })]
    [InlineData(BatchInputKind.AccumulatedElementCount, new float[] { 2, 6, 7, 10 })]
    [InlineData(BatchInputKind.AccumulatedElementCountWithZero, new float[] { 0, 2, 6, 7, 10 })]
    [InlineData(BatchInputKind.MaximumElementCountAsShape, new float[] { 0, 0, 0, 0 })]
    public async Task A_model_gets_all_elements_one_behind_the_other_and_is_told_how_many_each_request_has(BatchInputKind kind, float[] told)
    {
        using var session = Load(RaggedModels.Telling());
        using var model = new RaggedModel(session, RaggedModels.Spec(1, BatchInputKind.ElementCount, kind));
        Assert.Equal(["x"], model.Signature.Inputs.Select(input => input.Name));
        var answers = await model.InferTogetherAsync([.. ((int[])[2, 4, 1, 3]).Select(size => Request([1, size]))], default);
        Assert.All(answers, answer =>
        {
            Assert.Equal([2, 2, 4, 4, 4, 4, 1, 3, 3, 3], Values(answer, "all"));
            Assert.Equal([2, 4, 1, 3], Values(answer, "all_sizes"));
            Assert.Equal(told, Values(answer, "all_told"));
            Assert.Equal((1, 4), (answer.Times!.Value.Rows, answer.Times.Value.BatchSize));
        });
        Assert.Single(answers, answer => answer.Times!.Value.CountsExecution);
    }

    [Fact]
    public async Task A_model_is_told_the_shape_of_each_row_and_its_output_is_parted_by_the_requests_elements()
    {
        using var session = Load(RaggedModels.Telling());
        using var flat = new RaggedModel(session, RaggedModels.Spec(2, BatchInputKind.ElementCount, BatchInputKind.ItemShapeFlattened));
        var told = await flat.InferTogetherAsync([Request([1, 4, 1]), Request([1, 1, 2]), Request([1, 1, 2]), Request([1, 2, 2])], default);
        Assert.All(told, answer => Assert.Equal([4, 1, 1, 2, 1, 2, 2, 2], Values(answer, "all_told")));

        using var other = Load(RaggedModels.Doubling());
        using var model = new RaggedModel(other, new RaggedSpec
        {
            Inputs = [new TensorSpec { Name = "x", Type = TensorElementType.Fp32, Shape = [-1, -1, -1] }],
            BatchInputs = [RaggedModels.Made("shapes", BatchInputKind.ItemShape)],
            Outputs = [new ScatteredOutput { Output = "y", Source = "x" }],
        });
        var answers = await model.InferTogetherAsync([Request([2, 1, 2]), Request([1, 1, 2]), Request([1, 2, 2])], default);
        Assert.Equal((float[][])[[1, 2, 1, 2], [1, 2], [2, 2]], answers.Select(answer => Values(answer, "seen")).ToArray());
        Assert.Equal((long[][])[[2, 1, 2], [1, 1, 2], [1, 2, 2]], answers.Select(answer => answer.Outputs.Single(output => output.Name == "y").Shape).ToArray());
        Assert.Equal((float[][])[[4, 4, 4, 4], [4, 4], [8, 8, 8, 8]], answers.Select(answer => Values(answer, "y")).ToArray());
    }

    [Fact]
    public void What_the_spec_names_and_the_model_has_not_is_said_when_it_is_loaded()
    {
        using var session = Load(RaggedModels.Doubling());
        var flat = Assert.Throws<InvalidException>(() => new RaggedModel(session, new RaggedSpec { Inputs = [new TensorSpec { Name = "shapes", Type = TensorElementType.Fp32, Shape = [-1, -1] }] }));
        Assert.StartsWith("unable to load model 'model', configuration expects model provides input with shape [-1] for ragged input 'shapes', model provides [-1,2]", flat.Message, StringComparison.Ordinal);
        var none = Assert.Throws<InvalidException>(() => new RaggedModel(session, new RaggedSpec
        {
            Inputs = [new TensorSpec { Name = "x", Type = TensorElementType.Fp32, Shape = [-1, -1] }],
            BatchInputs = [RaggedModels.Made("sizes", BatchInputKind.ElementCount)],
        }));
        Assert.Equal("model 'model' has no input 'sizes'. Its inputs: x, shapes.", none.Message);
    }

    [Fact]
    public async Task A_batcher_runs_requests_of_different_shapes_together_where_they_may_be_ragged_only()
    {
        using var session = Load(RaggedModels.Telling());
        using var model = new RaggedModel(session, RaggedModels.Spec(1, BatchInputKind.ElementCount, BatchInputKind.AccumulatedElementCount));
        foreach (var (ragged, executions) in ((IReadOnlySet<string>?, int)[])[(model.Ragged, 1), (null, 2)])
        {
            using var batcher = new Batcher(model, new BatchingSpec { MaximumBatchSize = 8, Instances = 1 }, TimeProvider.System, new BatchHold(2, 0), ragged);
            var answers = await Task.WhenAll(batcher.InferAsync(Request([1, 16]), default).AsTask(), batcher.InferAsync(Request([1, 8]), default).AsTask());
            Assert.Equal(executions, answers.Count(answer => answer.Times!.Value.CountsExecution));
        }
    }

    [Fact]
    public async Task Requests_that_leave_different_inputs_out_never_run_together()
    {
        var file = Path.Combine(_folder, "lenient.onnx");
        File.WriteAllBytes(file, RaggedModels.Lenient());
        using var session = ModelSession.Load(file, runtime: new RuntimeSettings { OptionalInputs = ["b"] });
        Assert.Equal([false, true], session.Signature.Inputs.Select(input => input.Optional));
        Assert.True(session.CanBatch);
        using var batcher = new Batcher(session, new BatchingSpec { MaximumBatchSize = 8, Instances = 1 }, TimeProvider.System, new BatchHold(4, 0));
        InferRequest[] requests = [Sum(1, null), Sum(2, 10), Sum(3, null), Sum(4, 20)];
        var answers = await Task.WhenAll(requests.Select(request => batcher.InferAsync(request, default).AsTask()));
        Assert.Equal([6f, 12, 8, 24], answers.Select(answer => Values(answer, "y")[0]));
        Assert.Equal(2, answers.Count(answer => answer.Times!.Value.CountsExecution));
        Assert.Equal(
            "expected number of inputs between 1 and 2 but got 1 inputs for model 'model'. Got input(s) ['b'], but missing required input(s) ['x']. Please provide all required input(s).",
            (await Assert.ThrowsAsync<InvalidException>(async () => await batcher.InferAsync(new InferRequest { Inputs = [Scalar("b", 1)] }, default))).Message);

        static InferRequest Sum(float x, float? b) => new() { Inputs = b is { } given ? [Scalar("x", x), Scalar("b", given)] : [Scalar("x", x)] };
        static Tensor Scalar(string name, float value) => new() { Name = name, Type = TensorElementType.Fp32, Shape = [1, 1], Data = BitConverter.GetBytes(value) };
    }

    private static float[] Values(InferAnswer answer, string output) => MemoryMarshal.Cast<byte, float>(answer.Outputs.Single(tensor => tensor.Name == output).Data.Span).ToArray();

    /// <summary>Elements that are as many as one row of them has.</summary>
    private static InferRequest Request(long[] shape)
    {
        var size = shape[1..].Aggregate(1L, (product, length) => product * length);
        return new InferRequest { Inputs = [new Tensor { Name = "x", Type = TensorElementType.Fp32, Shape = shape, Data = MemoryMarshal.AsBytes<float>([.. Enumerable.Repeat((float)size, (int)(size * shape[0]))]).ToArray() }] };
    }

    private ModelSession Load(byte[] onnx)
    {
        var file = Path.Combine(_folder, $"{Guid.NewGuid():N}.onnx");
        File.WriteAllBytes(file, onnx);
        return ModelSession.Load(file);
    }
}
