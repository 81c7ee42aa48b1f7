using System.Runtime.InteropServices;
using OrleansDL.Inference;
using OrleansDL.Serving;
using OrleansDL.Serving.Batching;
using OrleansDL.Tests.Serving.Generation;
using OrleansDL.Tests.Serving.Sequences;

namespace OrleansDL.Tests.Serving;

/// <summary>Models in a process of their own, a real one: what it answers, and what its end costs.</summary>
public sealed class IsolatedModelTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_crash_costs_the_models_of_a_process_a_restart_and_the_requests_in_flight_one_more_try(bool isBoxed)
    {
        await using var host = new IsolatedHost(isBoxed);
        using var adds = await host.LoadAsync("adds", OffsetModel.Write(10));
        using var loops = await host.LoadAsync("loops", LoopModel.Write());
        Assert.Equal("11 12 13 14", string.Join(' ', Values(await adds.InferAsync(Request(1, 2, 3, 4), default))));
        var before = host.Pid;

        // Long enough to be found at it, and short enough to wait for.
        var together = Enumerable.Range(0, 3).Select(_ => loops.InferAsync(Request(300_000, 0, 0, 0), default).AsTask()).ToArray();
        IsolatedHost.Kill(before);

        Assert.All(await Task.WhenAll(together), answer => Assert.Equal(600_000, Values(answer)[0]));
        Assert.Equal("11 12 13 14", string.Join(' ', Values(await adds.InferAsync(Request(1, 2, 3, 4), default))));
        Assert.NotEqual(before, host.Pid);
        Assert.Equal(["adds", "loops"], host.Reports.Select(report => report.Model).Order(StringComparer.Ordinal));
        Assert.All(host.Reports, report => Assert.StartsWith("Its process ended by SIGKILL", report.Reason, StringComparison.Ordinal));

        // What runs alone when its process ends is most likely the cause, and is not asked again.
        var alone = loops.InferAsync(Request(LoopModel.Endless, 0, 0, 0), default).AsTask();
        IsolatedHost.Kill(host.Pid);
        Assert.Equal(
            "The process that ran model 'loops@1' ended by SIGKILL. It is started again; try again.",
            (await Assert.ThrowsAsync<OverloadedException>(() => alone)).Message);
        Assert.Equal(4, Values(await loops.InferAsync(Request(2, 0, 0, 0), default))[0]);
    }

    [Fact]
    public async Task Requests_of_all_sizes_get_their_own_answers_beside_one_another()
    {
        await using var host = new IsolatedHost();
        using var model = await host.LoadAsync("wide", OffsetModel.Write(10, isWide: true));
        using var batcher = new Batcher(model, new BatchingSpec { MaximumBatchSize = 8 }, TimeProvider.System, default);
        var random = new Random(5);
        var requests = Enumerable.Range(0, 600).Select(index => (Columns: index % 10 == 0 ? random.Next(10_000, 300_000) : random.Next(1, 40), First: index * 7f)).ToList();

        await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (wanted, cancel) =>
        {
            var values = Enumerable.Range(0, wanted.Columns).Select(column => wanted.First + column).ToArray();
            var answer = await batcher.InferAsync(Request(values), cancel);
            Assert.True(values.Select(value => value + 10).SequenceEqual(Values(answer)));
        });
    }

    [Fact]
    public async Task An_execution_ends_when_its_caller_leaves_or_it_takes_too_long_and_the_process_goes_on()
    {
        await using var host = new IsolatedHost();
        using var model = await host.LoadAsync("loops", LoopModel.Write(), hangSeconds: 0.3);
        var pid = host.Pid;

        var late = await Assert.ThrowsAsync<OverloadedException>(async () => await model.InferAsync(Request(LoopModel.Endless, 0, 0, 0), default));
        Assert.StartsWith("The execution of model 'loops@1' took longer than 0.3 s", late.Message, StringComparison.Ordinal);
        using var cancel = new CancellationTokenSource();
        var left = model.InferAsync(Request(LoopModel.Endless, 0, 0, 0), cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);

        Assert.Equal(4, Values(await model.InferAsync(Request(2, 0, 0, 0), default))[0]);
        Assert.Equal(pid, host.Pid);
        Assert.Equal(("loops", "An execution took longer than 0.3 s and was ended."), host.Reports.Single());
    }

    [Fact]
    public async Task Rows_go_through_the_artifacts_own_pipeline_there_as_here()
    {
        await using var host = new IsolatedHost();
        using var isolated = await host.LoadAsync(
            "vectors", 60, [.. Directory.EnumerateFiles(GoldenModels.Embedding).Select(file => (Path.GetFileName(file), File.ReadAllBytes(file)))]);
        using var here = ModelSession.Load(GoldenModels.Embedding);
        var rows = new PredictRequest { Rows = "[\"warm sunny bright 1\", \"cold dark rainy 2\"]"u8.ToArray() };

        var answer = await isolated.PredictAsync(rows, default);

        Assert.Equal(here.Predict(rows).Vectors!.SelectMany(vector => vector), answer.Vectors!.SelectMany(vector => vector));
        var wrong = await Assert.ThrowsAsync<InvalidException>(async () => await isolated.PredictAsync(new PredictRequest { Rows = "[{\"nothing\": 1}]"u8.ToArray() }, default));
        Assert.StartsWith("rows[0]", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_model_refuses_and_what_is_no_model_is_told_as_in_the_worker()
    {
        await using var host = new IsolatedHost();
        var broken = await Assert.ThrowsAsync<InvalidException>(() => host.LoadAsync("broken", "no model"u8.ToArray()));
        Assert.StartsWith("Model 'broken@1' cannot be loaded: ", broken.Message, StringComparison.Ordinal);
        using var model = await host.LoadAsync("adds", OffsetModel.Write(10));
        var wrong = await Assert.ThrowsAsync<InvalidException>(async () => await model.InferAsync(new InferRequest { Inputs = [] }, default));
        Assert.StartsWith("expected 1 inputs but got 0 inputs for model 'adds@1'.", wrong.Message, StringComparison.Ordinal);
        var rows = await Assert.ThrowsAsync<InvalidException>(async () => await model.PredictAsync(new PredictRequest { Rows = "[1]"u8.ToArray() }, default));
        Assert.StartsWith("Model 'adds@1' has no pipeline", rows.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sequences_are_kept_by_the_worker_for_a_model_in_another_process()
    {
        await using var host = new IsolatedHost();
        using var model = await host.LoadAsync("sums", AccumulatorModel.Write());
        var spec = AccumulatorModel.Spec(SequenceStrategy.Direct);
        using var sequences = new OrleansDL.Serving.Sequences.SequenceBatcher(new OrleansDL.Serving.Sequences.SequenceModel(model, spec), spec, "sums", TimeProvider.System);

        Assert.Equal(1, await NextAsync(1, true));
        Assert.Equal(3, await NextAsync(2, false));
        Assert.Equal(6, await NextAsync(3, false));

        async Task<float> NextAsync(float value, bool isStart)
        {
            var answer = await sequences.InferAsync(
                new InferRequest
                {
                    Inputs = [new Tensor { Name = "x", Type = TensorElementType.Fp32, Shape = [1, 1], Data = BitConverter.GetBytes(value) }],
                    Sequence = new SequenceStep { Number = 7, IsStart = isStart },
                },
                default);
            return MemoryMarshal.Read<float>(answer.Outputs.First(output => output.Name == "sum").Data.Span);
        }
    }

    private static InferRequest Request(params float[] values) => new()
    {
        Inputs = [new Tensor { Name = "x", Type = TensorElementType.Fp32, Shape = [1, values.Length], Data = MemoryMarshal.AsBytes<float>(values).ToArray() }],
    };

    private static float[] Values(InferAnswer answer) => MemoryMarshal.Cast<byte, float>(answer.Outputs[0].Data.Span).ToArray();
}
