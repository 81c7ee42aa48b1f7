using System.Runtime.InteropServices;
using OrleansDL.Inference;
using OrleansDL.Serving;
using OrleansDL.Serving.Batching;
using OrleansDL.Tests.Serving.Generation;

namespace OrleansDL.Tests.Serving.Batching;

/// <summary>Requests run together by a real model, which adds 10 to what it is given.</summary>
public sealed class BatcherTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("odl-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Every_one_of_ten_thousand_mixed_requests_gets_its_own_answer(bool isWide, bool ordered)
    {
        using var session = Load(isWide);
        using var batcher = new Batcher(
            session,
            new BatchingSpec { MaximumBatchSize = 16, MaximumDelayMicroseconds = 1000, PriorityLevels = 3, PreserveOrdering = ordered, PreferredBatchSizes = [4, 8], MaximumQueue = 100_000 },
            TimeProvider.System, default);
        var random = new Random(7);
        var requests = Enumerable.Range(0, 10_000)
            .Select(index => (Rows: random.Next(1, 9), Columns: isWide ? random.Next(1, 6) : 4, Priority: random.Next(0, 4), First: index * 100f))
            .ToList();
        var batches = 0;

        await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (wanted, cancel) =>
        {
            var answer = await batcher.InferAsync(Request(wanted.Rows, wanted.Columns, wanted.First, wanted.Priority), cancel);
            var output = answer.Outputs.Single();
            Assert.Equal([wanted.Rows, wanted.Columns], output.Shape);
            Assert.Equal(
                Enumerable.Range(0, wanted.Rows * wanted.Columns).Select(value => wanted.First + value + 10),
                MemoryMarshal.Cast<byte, float>(output.Data.Span).ToArray());
            Assert.Equal(wanted.Rows, answer.Times!.Value.Rows);
            Interlocked.Add(ref batches, answer.Times.Value.CountsExecution ? 1 : 0);
        });

        Assert.InRange(batches, 1, requests.Count - 1);
    }

    [Fact]
    public async Task What_a_full_queue_cannot_take_is_refused_at_once_and_the_rest_is_answered()
    {
        using var session = Load();
        using var batcher = Held(session, new BatchingSpec { MaximumQueue = 2 }, wanted: 2);
        var first = batcher.InferAsync(Request(1, 4, 0), default).AsTask();
        Assert.False(first.IsCompleted);
        Assert.Equal(1, batcher.Waiting);
        var second = batcher.InferAsync(Request(1, 4, 0), default).AsTask();
        await Task.WhenAll(first, second);
        Assert.Equal(0, batcher.Waiting);

        using var full = Held(session, new BatchingSpec { MaximumQueue = 2 }, wanted: 3);
        _ = full.InferAsync(Request(1, 4, 0), default).AsTask();
        _ = full.InferAsync(Request(1, 4, 0), default).AsTask();
        var refused = await Assert.ThrowsAsync<OverloadedException>(async () => await full.InferAsync(Request(1, 4, 0), default));
        Assert.Equal("Exceeds maximum queue size", refused.Message);
    }

    [Fact]
    public async Task A_request_that_waits_too_long_is_told_so()
    {
        using var session = Load();
        using var batcher = Held(session, new BatchingSpec(), wanted: 2);
        var refused = await Assert.ThrowsAsync<OverloadedException>(async () => await batcher.InferAsync(
            new InferRequest { Inputs = Request(1, 4, 0).Inputs, TimeoutMicroseconds = 1000 }, default));
        Assert.Equal("Request timeout expired", refused.Message);
    }

    [Fact]
    public async Task A_level_of_priority_may_wait_by_rules_of_its_own()
    {
        using var session = Load();
        using var batcher = Held(
            session,
            new BatchingSpec { PriorityLevels = 2, PriorityPolicies = new Dictionary<int, QueuePolicy> { [2] = new() { MaximumQueue = 1, TimeoutMicroseconds = 60_000_000, AllowTimeoutOverride = false } } },
            wanted: 3);
        var low = batcher.InferAsync(Request(1, 4, 0, priority: 2), default).AsTask();
        var refused = await Assert.ThrowsAsync<OverloadedException>(async () => await batcher.InferAsync(Request(1, 4, 0, priority: 2), default));
        Assert.Equal("Exceeds maximum queue size", refused.Message);
        await Task.WhenAll(low, batcher.InferAsync(Request(1, 4, 0, priority: 1), default).AsTask(), batcher.InferAsync(Request(1, 4, 0, priority: 1), default).AsTask());

        using var late = Held(session, new BatchingSpec { PriorityLevels = 2, PriorityPolicies = new Dictionary<int, QueuePolicy> { [1] = new() { TimeoutMicroseconds = 1000 } } }, wanted: 2);
        Assert.Equal("Request timeout expired", (await Assert.ThrowsAsync<OverloadedException>(async () => await late.InferAsync(Request(1, 4, 0, priority: 1), default))).Message);
    }

    [Fact]
    public async Task A_cancelled_request_leaves_the_queue()
    {
        using var session = Load();
        using var batcher = Held(session, new BatchingSpec { MaximumQueue = 1 }, wanted: 2);
        using var cancel = new CancellationTokenSource();
        var waiting = batcher.InferAsync(Request(1, 4, 0), cancel.Token).AsTask();
        await Assert.ThrowsAsync<OverloadedException>(async () => await batcher.InferAsync(Request(1, 4, 0), default));

        await cancel.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting);
        Assert.False(batcher.InferAsync(Request(1, 4, 0), default).AsTask().IsCompleted);
    }

    [Fact]
    public async Task Requests_that_waited_together_ran_together()
    {
        using var session = Load();
        using var batcher = Held(session, new BatchingSpec { MaximumBatchSize = 8 }, wanted: 4);
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(index => batcher.InferAsync(Request(2, 4, index * 100), default).AsTask()));

        Assert.All(answers, answer => Assert.Equal(8, answer.Times!.Value.BatchSize));
        Assert.Single(answers, answer => answer.Times!.Value.CountsExecution);
    }

    [Fact]
    public async Task A_request_of_more_rows_than_run_together_is_refused()
    {
        using var session = Load();
        using var batcher = new Batcher(session, new BatchingSpec { MaximumBatchSize = 4 }, TimeProvider.System, default);
        var refused = await Assert.ThrowsAsync<InvalidException>(async () => await batcher.InferAsync(Request(5, 4, 0), default));
        Assert.Equal("inference request batch-size must be <= 4 for 'offset'", refused.Message);
    }

    [Fact]
    public async Task Rows_of_predict_calls_run_together_too_and_long_lists_in_pieces()
    {
        using var session = ModelSession.Load(GoldenModels.Embedding);
        string[] texts = ["warm sunny bright 1", "cold dark rainy 2", "warm rainy 3"];
        var expected = session.Predict(Rows(texts)).Vectors!;
        using var held = Held(session, new BatchingSpec(), wanted: 2);
        var alone = await Task.WhenAll(texts.Take(2).Select(text => session.PredictAsync(Rows([text]), held.MaximumRows, request => held.InferAsync(request, default)).AsTask()));
        Assert.Equal(expected.Take(2).Select(Rounded), alone.Select(answer => Rounded(answer.Vectors!.Single())));

        using var small = new Batcher(session, new BatchingSpec { MaximumBatchSize = 2 }, TimeProvider.System, default);
        var many = await session.PredictAsync(Rows([.. Enumerable.Repeat(texts, 3).SelectMany(text => text)]), small.MaximumRows, request => small.InferAsync(request, default));
        Assert.Equal(Enumerable.Repeat(expected, 3).SelectMany(vectors => vectors).Select(Rounded), many.Vectors!.Select(Rounded));
        var wrong = await Assert.ThrowsAsync<InvalidException>(async () => await session.PredictAsync(
            new PredictRequest { Rows = """["a", "b", {"nothing": 1}]"""u8.ToArray() }, small.MaximumRows, request => small.InferAsync(request, default)));
        Assert.StartsWith("rows[2]", wrong.Message, StringComparison.Ordinal);

        static PredictRequest Rows(string[] texts) => new() { Rows = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(texts) };
        static string Rounded(IReadOnlyList<float> vector) => string.Join(' ', vector.Select(value => value.ToString("F4", System.Globalization.CultureInfo.InvariantCulture)));
    }

    private static Batcher Held(ModelSession session, BatchingSpec spec, int wanted) => new(session, spec, TimeProvider.System, new BatchHold(wanted, 0));

    private ModelSession Load(bool isWide = false)
    {
        var file = Path.Combine(_folder, "model.onnx");
        File.WriteAllBytes(file, OffsetModel.Write(10, isWide));
        return ModelSession.Load(file, "offset");
    }

    private static InferRequest Request(int rows, int columns, float first, int priority = 0) => new()
    {
        Inputs =
        [
            new Tensor
            {
                Name = "x",
                Type = TensorElementType.Fp32,
                Shape = [rows, columns],
                Data = MemoryMarshal.AsBytes<float>([.. Enumerable.Range(0, rows * columns).Select(value => first + value)]).ToArray(),
            },
        ],
        Priority = priority,
    };
}
