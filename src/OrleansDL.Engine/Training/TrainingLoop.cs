using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using OrleansDL.Collectives;
using OrleansDL.Data;
using OrleansDL.Evaluation;
using OrleansDL.Heads;
using OrleansDL.Networks;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>Trains a network: batch, forward, loss, backward, step, report. Everything it does is a function of spec and data, so that a run that was cut ends as one that was not.</summary>
internal sealed class TrainingLoop : IDisposable
{
    private const int EvaluationBatch = 256;

    /// <summary>Numbers of the rows judged together: an output per token is large.</summary>
    private const long EvaluationOutputs = 1 << 22;
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(0.25);

    private readonly TrainingSpec _spec;
    private readonly BlobId _content;
    private readonly TrainingHooks _hooks;
    private readonly CheckpointWriter _writer;
    private readonly TimeProvider _time;
    private readonly TrainingData _data;
    private readonly Network _network;
    private readonly Head _head;
    private readonly Optimizer _optimizer;
    private readonly LearningRates _rates;
    private readonly IGradientExchange? _exchange;
    private readonly Batches _batches;
    private readonly Device _device;
    private readonly string _definition;
    private readonly int _batchesPerEpoch;
    private readonly int _accumulate;
    private TrainingState _state = new();
    private long _started;
    private long _reported;
    private long _checkpointed;
    private long _firstStep;
    private (double Sum, int Count) _recent;
    private double? _gradientNorm;
    private TimeSpan _waited;
    private TimeSpan _trained;

    public TrainingLoop(RunnerAssignment assignment, TrainingData data, Head head, NetworkDefinition definition, Device device, string checkpointFolder, TrainingHooks hooks, TimeProvider time, IGradientExchange? exchange = null)
    {
        (_spec, _content, _data, _head, _device, _hooks, _time) = (assignment.Spec, assignment.DatasetContent, data, head, device, hooks, time);
        _definition = JsonSerializer.Serialize(definition, OdlJson.Options);
        _writer = new CheckpointWriter(checkpointFolder, hooks.Checkpointed);
        set_num_threads(_spec.Threads);
        random.manual_seed(_spec.Seed);
        _network = new Network(definition, unchecked((ulong)_spec.Seed), device);
        _optimizer = Optimizer.For(_network, _spec);
        _batchesPerEpoch = BatchesPerEpoch(data.Training.Count, _spec.BatchSize);
        _accumulate = _spec.Accumulate ?? 1;
        _rates = new LearningRates(_spec, StepsPerEpoch);
        _exchange = exchange;
        _batches = Batches.Of(data, _spec.BatchSize, _batchesPerEpoch, device);
    }

    public Network Network => _network;

    public TrainingState State => _state;

    private long StepsPerEpoch => (_batchesPerEpoch + _accumulate - 1) / _accumulate;

    private long TotalSteps => StepsPerEpoch * _spec.Epochs;

    /// <summary>Share of the time spent in epochs so far that went by waiting for a batch.</summary>
    public double WaitShare => _trained > TimeSpan.Zero ? _waited / _trained : 0;

    private int Nodes => _spec.Reader?.CanonicalNodes ?? SampleOrder.DefaultNodes;

    /// <summary>What a checkpoint must agree with; what did not exist before is named only where it has a part.</summary>
    private string Order
    {
        get
        {
            var order = string.Create(CultureInfo.InvariantCulture, $"{_content}/{_spec.Seed}/{_spec.BatchSize}/{_spec.Optimizer}");
            order += _data.Training.Count > SampleOrder.Whole ? string.Create(CultureInfo.InvariantCulture, $"/nodes={Nodes}") : "";
            order += _accumulate > 1 ? string.Create(CultureInfo.InvariantCulture, $"/accumulate={_accumulate}") : "";
            return order + (_spec.Reader?.Split is { } split ? $"/split={JsonSerializer.Serialize(split, OdlJson.Options)}" : "");
        }
    }

    /// <summary>Goes on from a checkpoint, exactly as if training had never stopped.</summary>
    public void Restore(string path)
    {
        _state = CheckpointFile.Restore(File.ReadAllBytes(path), Path.GetFileName(path), _network, _optimizer, _definition, Order);
        _hooks.Logged?.Invoke($"Resumed from step {_state.Step} (epoch {_state.Epoch + 1} of {_spec.Epochs})");
    }

    public TrainingEnd Run()
    {
        _started = _reported = _checkpointed = _time.GetTimestamp();
        _firstStep = _state.Step;
        while (_state.Epoch < _spec.Epochs)
        {
            if (!RunEpoch())
            {
                SaveCheckpoint();
                _writer.Finish();
                return TrainingEnd.Stopped;
            }

            EndEpoch();
        }

        _state = _state with { Seconds = Seconds() };
        _writer.Finish();
        RequireFinite();
        return TrainingEnd.Done;
    }

    /// <summary>Judges rows in batches, without dropout and by the running means.</summary>
    public Judge Judge(SampleRows rows)
    {
        var judge = Evaluation.Judge.For(_data.Pipeline);
        if (rows.Count == 0)
        {
            return judge;
        }

        using var guard = no_grad();
        using var outer = NewDisposeScope();
        var size = (int)Math.Min(Math.Clamp(EvaluationOutputs / _head.OutputsPerRow(_data.Pipeline), 1, EvaluationBatch), rows.Count);
        var slots = Enumerable.Range(0, _data.Threads + 2).Select(_ => new BatchSlot(_data, size)).ToArray();
        var batches = (int)((rows.Count + size - 1) / size);
        using (var prefetch = new Prefetch(rows, null, slots, size, 0, batches, _data.Threads))
        {
            for (var batch = 0; batch < batches; batch++)
            {
                Judge(prefetch.Next(), judge);
            }
        }

        foreach (var slot in slots)
        {
            slot.Dispose();
        }

        return judge;
    }

    public void Dispose()
    {
        _batches.Dispose();
        _optimizer.Dispose();
        _network.Dispose();
    }

    private void Judge(BatchSlot batch, Judge judge)
    {
        using var scope = NewDisposeScope();
        var outputs = _network.Forward(batch.On(_device).Inputs, Pass.Evaluation).cpu().contiguous();
        var values = MemoryMarshal.Cast<byte, float>(outputs.bytes);
        var width = values.Length / batch.Count;
        for (var row = 0; row < batch.Count; row++)
        {
            judge.Add(values.Slice(row * width, width), batch.Target(row), batch.Row(row));
        }
    }

    /// <summary>Returns false when told to stop.</summary>
    private bool RunEpoch()
    {
        var begun = _time.GetTimestamp();
        var before = _trained;
        _batches.Begin(new SampleOrder(_content, _spec.Seed, _state.Epoch, _data.Training.Count, _data.Training.Spans, Nodes), _state.Position);
        _waited += _time.GetElapsedTime(begun);
        while (_state.Position < _batchesPerEpoch)
        {
            var batches = Math.Min(_accumulate, _batchesPerEpoch - _state.Position);
            var loss = Step(batches);
            _trained = before + _time.GetElapsedTime(begun);
            _state = _state with
            {
                Step = _state.Step + 1,
                Position = _state.Position + batches,
                LossSum = _state.LossSum + loss,
                LossCount = _state.LossCount + 1,
            };
            _recent = (_recent.Sum + loss, _recent.Count + 1);
            if (_hooks.IsStopping)
            {
                return false;
            }

            ReportWhenDue();
            CheckpointWhenDue();
        }

        return true;
    }

    /// <summary>One step of the optimizer over the next batches, and their mean loss by row.</summary>
    private float Step(int batches)
    {
        using var scope = NewDisposeScope();
        _network.Gradients.zero_();
        var rows = Rows(_state.Position + batches) - Rows(_state.Position);
        float loss = 0;
        for (var batch = 0; batch < batches; batch++)
        {
            loss += Learn(rows);
        }

        using var guard = no_grad();
        _exchange?.Average(_network);
        _gradientNorm = _spec.Clip is { } clip ? GradientClip.Apply(_network, clip) : null;
        _optimizer.Step(_state.Step + 1, _rates.At(_state.Step + 1));
        return loss;
    }

    /// <summary>Adds the gradients of the next batch, as a part of a step over <paramref name="rows"/> rows.</summary>
    private float Learn(long rows)
    {
        using var scope = NewDisposeScope();
        var asked = _time.GetTimestamp();
        var (inputs, targets) = _batches.Next();
        _waited += _time.GetElapsedTime(asked);
        var loss = _head.Loss(_network.Forward(inputs, Pass.Training), targets);
        if (inputs.shape[0] != rows)
        {
            loss *= (double)inputs.shape[0] / rows;
        }

        var value = loss.item<float>();
        if (!float.IsFinite(value))
        {
            throw new InvalidException(
                string.Create(CultureInfo.InvariantCulture, $"The training loss became {value} at step {_state.Step + 1}. Lower learningRate (now {_spec.LearningRate}), or look for extreme values in the dataset."));
        }

        loss.backward();
        return value;
    }

    /// <summary>Rows of the first batches of an epoch.</summary>
    private long Rows(int batches) => Math.Min((long)batches * _spec.BatchSize, _data.Training.Count);

    /// <summary>The last step may spoil the weights after its loss was seen.</summary>
    private void RequireFinite()
    {
        using var scope = NewDisposeScope();
        if (!_network.Weights.isfinite().all().item<bool>())
        {
            throw new InvalidException(string.Create(
                CultureInfo.InvariantCulture, $"A weight stopped being a number at step {_state.Step}. Lower learningRate (now {_spec.LearningRate})."));
        }
    }

    private void EndEpoch()
    {
        var validation = _data.Validation.Count > 0 ? Judge(_data.Validation) : null;
        var metrics = new EpochMetrics
        {
            Epoch = _state.Epoch + 1,
            Step = _state.Step,
            TrainLoss = _state.LossCount == 0 ? 0 : _state.LossSum / _state.LossCount,
            ValidationLoss = validation?.Loss,
            ValidationAccuracy = validation is LabelJudge ? validation.HeadlineValue : null,
            Score = validation?.Score,
            Validation = validation?.Summary(),
        };
        _state = _state with
        {
            Epoch = _state.Epoch + 1,
            Position = 0,
            LossSum = 0,
            LossCount = 0,
            History = [.. _state.History, metrics],
            Best = metrics.Score is not null && (_state.Best is null || metrics.Score > (_state.Best.Score ?? _state.Best.ValidationAccuracy)) ? metrics : _state.Best,
        };
        List<(string, double)> points = [("epoch", metrics.Epoch), ("train.epochLoss", metrics.TrainLoss)];
        if (validation is not null)
        {
            points.AddRange(validation.Summary().Select(metric => ($"validation.{metric.Key}", metric.Value)));
        }

        Report(points);
        _hooks.Logged?.Invoke(string.Create(
            CultureInfo.InvariantCulture,
            $"Epoch {metrics.Epoch} of {_spec.Epochs}: loss {metrics.TrainLoss:0.0000}{(validation is null ? "" : $"{(validation.Loss is { } held ? $", validation loss {held:0.0000}" : "")}, {validation.Headline} {validation.HeadlineValue:0.0000}")}"));
    }

    private void ReportWhenDue()
    {
        if (_time.GetElapsedTime(_reported) >= ReportInterval)
        {
            Report([]);
        }
    }

    private void Report(List<(string Name, double Value)> points)
    {
        if (_hooks.Progressed is null)
        {
            return;
        }

        _reported = _time.GetTimestamp();
        var elapsed = _time.GetElapsedTime(_started).TotalSeconds;
        var steps = _state.Step - _firstStep;
        var samplesPerSecond = elapsed > 0 ? steps * (double)_spec.BatchSize * _accumulate / elapsed : 0;
        if (_recent.Count > 0)
        {
            points.Add(("train.loss", _recent.Sum / _recent.Count));
            points.Add(("samplesPerSecond", samplesPerSecond));
            points.Add(("train.data.waitShare", WaitShare));
            points.Add(("train.learningRate", _rates.At(Math.Max(1, _state.Step))));
            if (_gradientNorm is { } norm)
            {
                points.Add(("train.gradientNorm", norm));
            }

            _recent = default;
        }

        var now = _time.GetUtcNow();
        _hooks.Progressed(
            [.. points.Select(point => new MetricPoint { Name = point.Name, Step = _state.Step, Value = point.Value, Time = now })],
            new RunProgress
            {
                Step = _state.Step,
                TotalSteps = TotalSteps,
                Epoch = Math.Min(_state.Epoch + 1, _spec.Epochs),
                SamplesPerSecond = samplesPerSecond,
                EtaSeconds = steps > 0 ? elapsed / steps * (TotalSteps - _state.Step) : null,
            });
    }

    private void CheckpointWhenDue()
    {
        if (_hooks.TakeCheckpointRequest() || (_time.GetElapsedTime(_checkpointed).TotalSeconds >= _spec.CheckpointSeconds && _writer.IsFree))
        {
            SaveCheckpoint();
        }
    }

    private void SaveCheckpoint()
    {
        _checkpointed = _time.GetTimestamp();
        _writer.Begin(_state.Step, CheckpointFile.Write(_network, _optimizer, _state with { Seconds = Seconds() }, _definition, Order));
    }

    private double Seconds() => _state.Seconds + _time.GetElapsedTime(_started).TotalSeconds;

    /// <summary>A last batch of one row is left out: a mean over one row says nothing to a block that normalises.</summary>
    private static int BatchesPerEpoch(long rows, int batch) => checked((int)((rows / batch) + (rows % batch > (rows > batch && batch > 1 ? 1 : 0) ? 1 : 0)));
}
