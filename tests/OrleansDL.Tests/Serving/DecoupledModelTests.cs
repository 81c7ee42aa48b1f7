using System.Runtime.InteropServices;
using OrleansDL.Predictors;
using OrleansDL.Serving;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests.Serving;

/// <summary>A predictor that answers any number of times, in a process of its own.</summary>
public sealed class DecoupledModelTests
{
    // What tests/OrleansDL.TestPredictor takes for orders.
    private const float Throw = -1;
    private const float WaitForCancel = -5;
    private const float GoOn = -7;
    private const float Count = -8;

    [Fact]
    public async Task Answers_come_as_they_are_made_and_no_further_than_their_reader_has_room()
    {
        await using var host = new IsolatedHost();
        using var model = await LoadAsync(host, hangSeconds: 60);
        Assert.True(model.Signature.Decoupled);
        Assert.False(model.CanBatch);
        Assert.Equal(["3", "6", "9"], await AllAsync(model, 1, 2, 3));
        Assert.Empty(await AllAsync(model));
        var once = await Assert.ThrowsAsync<InvalidException>(async () => await model.InferAsync(Request(1), default));
        Assert.StartsWith("Model 'many@1' is decoupled", once.Message, StringComparison.Ordinal);

        // An error is told behind the answers before it, and is that request's alone.
        await using var broken = model.AnswersAsync(Request(1, Throw, 2), default).GetAsyncEnumerator();
        Assert.True(await broken.MoveNextAsync());
        Assert.Equal("3", Text(broken.Current));
        Assert.Equal("Model 'many@1' failed: NotSupportedException: not today", (await Assert.ThrowsAsync<InvalidException>(async () => await broken.MoveNextAsync())).Message);

        await using (var endless = model.AnswersAsync(Request(GoOn), default).GetAsyncEnumerator())
        {
            for (var read = 1; read <= 3; read++)
            {
                Assert.True(await endless.MoveNextAsync());
                Assert.Equal($"{read}", Text(endless.Current));
            }

            Assert.InRange(int.Parse((await AllAsync(model, Count)).Single().Split(' ')[0]), 3, 3 + AnswerParts.Window + 1);
        }

        await UntilEndedAsync(model);
    }

    [Fact]
    public async Task A_predictor_that_takes_too_long_for_an_answer_is_ended_and_one_whose_process_ends_says_so()
    {
        await using var host = new IsolatedHost();
        using var model = await LoadAsync(host, hangSeconds: 0.5);
        var late = await Assert.ThrowsAsync<OverloadedException>(() => AllAsync(model, 1, WaitForCancel));
        Assert.StartsWith("The execution of model 'many@1' took longer than 0.5 s", late.Message, StringComparison.Ordinal);

        // That nobody reads is not the predictor's fault, however long it is.
        await using var endless = model.AnswersAsync(Request(GoOn), default).GetAsyncEnumerator();
        Assert.True(await endless.MoveNextAsync());
        await Assert.ThrowsAsync<OverloadedException>(() => AllAsync(model, WaitForCancel));
        Assert.True(await endless.MoveNextAsync());

        // Who had no answer yet is asked for once more, and does not hear of it.
        using var patience = new CancellationTokenSource();
        using var other = await LoadAsync(host, hangSeconds: 60);
        await using var unanswered = other.AnswersAsync(Request(WaitForCancel), patience.Token).GetAsyncEnumerator();
        var first = unanswered.MoveNextAsync().AsTask();

        IsolatedHost.Kill(host.Pid);
        var lost = await Assert.ThrowsAsync<OverloadedException>(async () =>
        {
            while (await endless.MoveNextAsync())
            {
            }
        });
        Assert.StartsWith("The process that ran model 'many@1' ended by SIGKILL", lost.Message, StringComparison.Ordinal);
        Assert.Equal(["3"], await AllAsync(model, 1));
        Assert.False(first.IsCompleted);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
    }

    [Fact]
    public async Task A_model_that_is_unloaded_takes_no_more_requests_and_ends_those_that_go_on()
    {
        await using var host = new IsolatedHost();
        var model = await LoadAsync(host, hangSeconds: 60);
        await using var endless = model.AnswersAsync(Request(GoOn), default).GetAsyncEnumerator();
        Assert.True(await endless.MoveNextAsync());
        await model.Streams.DrainAsync(TimeSpan.Zero, TimeProvider.System);
        await Assert.ThrowsAsync<NoCapacityException>(() => AllAsync(model, 1));
        Assert.True(await endless.MoveNextAsync());

        var drained = model.Streams.DrainAsync(TimeSpan.FromMinutes(1), TimeProvider.System);
        Assert.False(drained.IsCompleted);
        model.Dispose();
        var ended = await Assert.ThrowsAsync<NoCapacityException>(async () =>
        {
            while (await endless.MoveNextAsync())
            {
            }
        });
        Assert.Equal("Model 'many@1' was unloaded before the answers were over. Ask again.", ended.Message);
        await drained;
    }

    [Fact]
    public async Task A_reader_that_takes_nothing_for_long_is_left_and_told_so_when_it_comes_back()
    {
        await using var host = new IsolatedHost();
        using var model = await LoadAsync(host, hangSeconds: 0.4, readerSeconds: 0.5);
        await using var endless = model.AnswersAsync(Request(GoOn), default).GetAsyncEnumerator();
        Assert.True(await endless.MoveNextAsync());
        await UntilEndedAsync(model);
        var left = await Assert.ThrowsAsync<OverloadedException>(async () =>
        {
            while (await endless.MoveNextAsync())
            {
            }
        });
        Assert.Equal("Nobody took an answer of model 'many@1' for 00:00:00.5000000, and they were ended. Read them as they come.", left.Message);
    }

    private static Task<IsolatedModel> LoadAsync(IsolatedHost host, double hangSeconds, double readerSeconds = 600) =>
        host.LoadAsync("many", hangSeconds, TimeSpan.FromSeconds(readerSeconds), [.. ForeignModelTests.Moody, ("decoupled.txt", [])]);

    private static Task UntilEndedAsync(IsolatedModel model) =>
        Eventually.TrueAsync("the predictor to end what nobody reads", async () => (await AllAsync(model, Count)).Single().Split(' ')[1] == "1");

    private static async Task<List<string>> AllAsync(IsolatedModel model, params float[] values)
    {
        List<string> answers = [];
        await foreach (var answer in model.AnswersAsync(Request(values), default))
        {
            answers.Add(Text(answer));
        }

        return answers;
    }

    private static string Text(InferAnswer answer) => string.Join(' ', MemoryMarshal.Cast<byte, float>(answer.Outputs[0].Data.Span).ToArray());

    private static InferRequest Request(params float[] values) => new()
    {
        Inputs = [new Tensor { Name = "x", Type = TensorElementType.Fp32, Shape = [1, values.Length], Data = MemoryMarshal.AsBytes<float>(values).ToArray() }],
    };
}
