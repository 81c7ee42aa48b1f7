using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
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
    private static readonly TimeSpan TimesInterval = TimeSpan.FromSeconds(2);

    private readonly TrainingSpec _spec;
    private readonly BlobId _content;
    private readonly TrainingHooks _hooks;
    private readonly CheckpointWriter _writer;
    private readonly TimeProvider _time;
    private readonly TrainingData _data;
    private readonly Network _network;
    private readonly Head _head;
    private readonly Optimizer _optimizer;
    private readonly WeightAverage? _average;
    private readonly StepGuard? _guard;
    private readonly TensorCopies? _best;
    private readonly TensorCopies? _good;
    private readonly TensorCopies? _kept;
    private readonly Dictionary<string, Tensor> _tensors = [];
    private readonly StepTimes _times;
    private readonly CheckpointPacing _pacing;
    private LearningRates _rates;
    private readonly IGradientExchange? _exchange;

    /// <summary>Told by a step's last backward how far the gradients are made, so that they leave while the others are made.</summary>
    private readonly Action<long>? _complete;
    private readonly Batches _batches;
    private readonly Device _device;
    private readonly string _definition;
    private readonly int _batchesPerEpoch;
    private readonly int _accumulate;
    private TrainingState _state = new() { Randomness = TrainingState.Keyed };
    private long _started;
    private long _reported;
    private long _checkpointed;
    private long _firstStep;
    private (double Sum, int Count) _recent;
    private double? _gradientNorm;
    private long _partsReported;
    private (bool Stop, bool Checkpoint) _told;
    private TimeSpan _waited;
    private TimeSpan _trained;

    public TrainingLoop(RunnerAssignment assignment, TrainingData data, Head head, NetworkDefinition definition, Device device, string checkpointFolder, TrainingHooks hooks, TimeProvider time, IGradientExchange? exchange = null)
    {
        (_spec, _content, _data, _head, _device, _hooks, _time) = (assignment.Spec, assignment.DatasetContent, data, head, device, hooks, time);
        _definition = JsonSerializer.Serialize(definition, OdlJson.Options);
        set_num_threads(_spec.Threads);
        random.manual_seed(_spec.Seed);
        _network = new Network(definition, unchecked((ulong)_spec.Seed), device, _spec.Initialize?.Freeze, isHalf: _spec.Precision == "bf16");
        InitialWeights.Fill(_network, assignment, hooks);
        _optimizer = Optimizer.For(_network, _spec);
        _batchesPerEpoch = BatchesPerEpoch(data.Training.Count, _spec.BatchSize);
        _accumulate = _spec.Accumulate ?? 1;
        _rates = new LearningRates(_spec, StepsPerEpoch);
        _exchange = exchange;

        // In bf16 the gradients are in their place only after backward.
        _complete = exchange is null || _spec.Precision == "bf16" ? null : from => exchange.Begin(_network, from);
        _times = new StepTimes(time);
        _pacing = new CheckpointPacing(_spec.CheckpointSeconds, _spec.Checkpoints?.LossSeconds);
        _batches = Batches.Of(data, _spec.BatchSize, _batchesPerEpoch, device, Augmentation.For(_spec, data.Pipeline), Share);
        _average = _spec.EmaDecay is { } decay ? new WeightAverage(_network, decay) : null;
        _guard = _spec.Guard is { } guard ? new StepGuard(guard) : null;
        _best = _spec.Export == "best" ? new TensorCopies(Exported()) : null;
        Collect();
        (_good, _kept) = _guard switch
        {
            { RollsBack: true } => (new TensorCopies(new Dictionary<string, Tensor>(_tensors)), (TensorCopies?)null),
            not null => (null, new TensorCopies(new Dictionary<string, Tensor> { ["buffers"] = _network.Buffers })),
            _ => (null, null),
        };
        Name("best", _best);
        Name("good", _good);
        _writer = new CheckpointWriter(checkpointFolder, new CheckpointBuffer(_tensors), hooks.Checkpointed);
    }

    public Network Network => _network;

    public TrainingState State => _state;

    private RankShare Share => _exchange?.Share ?? RankShare.Whole;

    private long StepsPerEpoch => (_batchesPerEpoch + _accumulate - 1) / _accumulate;

    private long TotalSteps => StepsPerEpoch * _spec.Epochs;

    /// <summary>Whether it ends when the learning rate is found.</summary>
    private bool OnlyFinds => _spec.RateFinder?.Then == "stop";

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
            order += _spec.Precision == "bf16" ? "/precision=bf16" : "";
            order += _data.SplitByNumbers ? CheckpointFile.SplitByNumbers : "";
            order += _spec.Initialize is { } initialize ? $"/initialize={JsonSerializer.Serialize(initialize, OdlJson.Options)}" : "";
            return order + (_spec.Reader?.Split is { } split ? $"/split={JsonSerializer.Serialize(split, OdlJson.Options)}" : "");
        }
    }

    /// <summary>Goes on from a checkpoint, exactly as if training had never stopped.</summary>
    public void Restore(string path)
    {
        using var guard = no_grad();
        _state = CheckpointFile.Restore(SafeTensors.Read(path), Path.GetFileName(path), _tensors, _definition, Order, out var missing);

        // What the run before did not keep begins with the weights it left.
        if (missing.Contains("average.weights"))
        {
            _average!.Weights.copy_(_network.Weights);
        }

        if (missing.Contains("good.network.weights"))
        {
            _good!.Take();
        }

        if (missing.Contains("best.weights"))
        {
            _state = _state with { Best = null };
        }

        UseFoundRate();
        _hooks.Logged?.Invoke($"Resumed from step {_state.Step} (epoch {_state.Epoch + 1} of {_spec.Epochs})");
    }

    public TrainingEnd Run()
    {
        _started = _reported = _checkpointed = _partsReported = _time.GetTimestamp();
        _firstStep = _state.Step;
        RequireSame();
        if (_spec.RateFinder is { } finder && _state.FoundRate is null && !Find(finder))
        {
            return TrainingEnd.Stopped;
        }

        if (OnlyFinds)
        {
            return TrainingEnd.Done;
        }

        while (_state.Epoch < _spec.Epochs && !IsEarlyEnough())
        {
            if (!RunEpoch())
            {
                SaveCheckpoint();
                _writer.Finish();
                return TrainingEnd.Stopped;
            }

            EndEpoch();
            if (_spec.Checkpoints?.KeepBest > 0)
            {
                SaveCheckpoint(EpochScore.Of(_state.History[^1], _spec.Metric));
            }
        }

        _state = _state with { Seconds = Seconds() };
        _writer.Finish();
        Settle();
        RequireSame();
        RequireFinite();
        return TrainingEnd.Done;
    }

    /// <summary>Judges rows in batches, without dropout and by the running means.</summary>
    public Judge Judge(SampleRows rows, SliceJudges? slices = null)
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
                Judge(prefetch.Next(), judge, slices);
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
        _average?.Dispose();
        _best?.Dispose();
        _good?.Dispose();
        _kept?.Dispose();
        _optimizer.Dispose();
        _network.Dispose();
    }

    private void Judge(BatchSlot batch, Judge judge, SliceJudges? slices)
    {
        using var scope = NewDisposeScope();
        var outputs = _network.Forward(batch.On(_device).Inputs, Pass.Evaluation).cpu().contiguous();
        var values = MemoryMarshal.Cast<byte, float>(outputs.bytes);
        var width = values.Length / batch.Count;
        for (var row = 0; row < batch.Count; row++)
        {
            slices?.Add(judge.Rows, values.Slice(row * width, width), batch.Target(row), batch.Row(row));
            judge.Add(values.Slice(row * width, width), batch.Target(row), batch.Row(row));
        }
    }

    /// <summary>Sweeps the learning rate over the first batches, takes the rate at which the loss fell fastest, and puts everything back. A run that is cut meanwhile sweeps anew.</summary>
    /// <returns>False when told to stop.</returns>
    private bool Find(RateFinderSpec finder)
    {
        using var scope = NewDisposeScope();
        var (before, sweep) = (_state, new RateSweep(finder));
        using var random = get_rng_state();
        using (var kept = Copies())
        {
            var isGoing = true;
            while (isGoing)
            {
                isGoing = SweepEpoch(sweep);
                if (_exchange is null ? _hooks.IsStopping : _told.Stop)
                {
                    return false;
                }
            }

            using var guard = no_grad();
            kept.PutBack();
        }

        set_rng_state(random);
        _state = before with { FoundRate = sweep.Suggest() };
        (_gradientNorm, _waited, _trained) = (null, default, default);
        _ = _times.Take();
        UseFoundRate();
        _reported = _checkpointed = _time.GetTimestamp();
        _hooks.Logged?.Invoke(string.Create(CultureInfo.InvariantCulture, $"Found learning rate {_state.FoundRate:0.##E+0} in {sweep.Done} steps, from {sweep.RateOf(0):0.##E+0} to {sweep.RateOf(sweep.Done - 1):0.##E+0}"));
        return true;
    }

    /// <returns>Whether the sweep goes on.</returns>
    private bool SweepEpoch(RateSweep sweep)
    {
        _batches.Begin(new SampleOrder(_content, _spec.Seed, _state.Epoch, _data.Training.Count, _data.Training.Spans, Nodes), 0);
        for (_state = _state with { Position = 0 }; _state.Position < _batchesPerEpoch;)
        {
            using var scope = NewDisposeScope();
            var batches = Math.Min(_accumulate, _batchesPerEpoch - _state.Position);
            var (step, rate) = (sweep.Done, sweep.RateOf(sweep.Done));
            _times.Start();
            var loss = Descend(batches);
            if (!sweep.Add(loss) || (_exchange is null ? _hooks.IsStopping : _told.Stop))
            {
                return false;
            }

            using var guard = no_grad();
            _ = _spec.Clip is { } clip ? GradientClip.Apply(_network, clip) : null;
            _optimizer.Step(step + 1, rate);
            _state = _state with { Position = _state.Position + batches };
            TellSweep(step, rate, sweep.Smoothed);
        }

        _state = _state with { Epoch = _state.Epoch + 1 };
        return true;
    }

    private void TellSweep(int step, double rate, double loss)
    {
        var now = _time.GetUtcNow();
        _hooks.Progressed?.Invoke(
            [.. new[] { ("find.learningRate", rate), ("find.loss", loss) }.Select(point => new MetricPoint { Name = point.Item1, Step = step + 1, Value = point.Item2, Time = now })],
            new RunProgress { Step = 0, TotalSteps = TotalSteps, Epoch = 1, SamplesPerSecond = 0 });
    }

    private TensorCopies Copies()
    {
        using var guard = no_grad();
        return new TensorCopies(new Dictionary<string, Tensor>(_tensors));
    }

    private void UseFoundRate()
    {
        if (_spec.RateFinder is not null && _state.FoundRate is { } found)
        {
            _rates = new LearningRates(_spec with { LearningRate = found }, StepsPerEpoch);
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
                LossSum = _state.LossSum + (loss ?? 0),
                LossCount = _state.LossCount + (loss is null ? 0 : 1),
            };
            _recent = (_recent.Sum + (loss ?? 0), _recent.Count + (loss is null ? 0 : 1));
            _times.EndStep();
            if (_exchange is null ? _hooks.IsStopping : _told.Stop)
            {
                return false;
            }

            ReportWhenDue();
            CheckpointWhenDue();
        }

        return true;
    }

    /// <summary>One step of the optimizer over the next batches.</summary>
    /// <returns>Their mean loss by row; null when the step was bad and the guard undid it.</returns>
    private float? Step(int batches)
    {
        using var scope = NewDisposeScope();
        _times.Start();
        using (no_grad())
        {
            _kept?.Take();
        }

        var loss = Descend(batches);
        using var guard = no_grad();
        if (_guard is null && !float.IsFinite(loss))
        {
            throw new InvalidException(
                string.Create(CultureInfo.InvariantCulture, $"The training loss became {loss} at step {_state.Step + 1}. Lower learningRate (now {_state.FoundRate ?? _spec.LearningRate}), or look for extreme values in the dataset."));
        }

        if (!IsGood(loss))
        {
            return null;
        }

        _gradientNorm = _spec.Clip is { } clip ? GradientClip.Apply(_network, clip) : _gradientNorm;
        _optimizer.Step(_state.Step + 1, _rates.At(_state.Step + 1));
        _average?.Update(_state.Step + 1);
        if (_guard?.IsGoodState(_state.Step + 1) is true)
        {
            _good!.Take();
        }

        _times.Add(StepTimes.Optimizer);
        return loss;
    }

    /// <summary>The gradients of the next batches, over all ranks.</summary>
    /// <returns>Their mean loss by row.</returns>
    private float Descend(int batches)
    {
        _network.Gradients.zero_();
        var rows = Rows(_state.Position + batches) - Rows(_state.Position);
        float loss = 0;
        for (var batch = _state.Position; batch < _state.Position + batches; batch++)
        {
            loss += Learn(Rows(batch + 1) - Rows(batch), rows, isLast: batch + 1 == _state.Position + batches);
        }

        if (_exchange is not null)
        {
            using var guard = no_grad();
            loss = Exchange(_exchange, loss);
            _times.Add(StepTimes.Sync);
        }

        return loss;
    }

    /// <summary>Adds up what the ranks found, and lets them agree on what comes after the step.</summary>
    private float Exchange(IGradientExchange exchange, float loss)
    {
        exchange.Sum(_network);
        Span<double> sums = [loss, _hooks.IsStopping ? 1 : 0, IsCheckpointDue() ? 1 : 0];
        exchange.Sum(sums);
        _told = (sums[1] > 0, sums[2] > 0);
        return (float)sums[0];
    }

    /// <summary>Ranks that no longer hold the same weights must not go on, and no checkpoint may come of them.</summary>
    private void RequireSame()
    {
        if (_exchange is null)
        {
            return;
        }

        using var scope = NewDisposeScope();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(BitConverter.GetBytes(_state.Step));
        hash.AppendData(_network.Weights.cpu().bytes);
        hash.AppendData(_network.Buffers.cpu().bytes);
        _exchange.RequireSame(hash.GetHashAndReset(), "weights");
    }

    /// <summary>Adds the gradients of this rank's part of the next batch of <paramref name="size"/> rows, as a part of a step over <paramref name="rows"/> rows.</summary>
    private float Learn(long size, long rows, bool isLast)
    {
        using var scope = NewDisposeScope();
        var asked = _time.GetTimestamp();
        var batch = _batches.Next();
        _waited += _time.GetElapsedTime(asked);
        _times.Add(StepTimes.Data);
        var own = Share.Rows((int)size);
        var pass = _state.Randomness == TrainingState.Keyed ? Pass.Learning(_spec.Seed, _state.Epoch, batch.Samples, _exchange, own > 0, isLast ? _complete : null) : Pass.Training;
        var output = _network.Forward(batch.Inputs, pass);
        var loss = _head.Loss(output, batch.Targets);
        if (batch.Partners is { } partners)
        {
            loss = (loss * Held(batch.Share)).add(_head.Loss(output, partners), Held(1 - batch.Share));
        }

        if (own != rows || _exchange is not null)
        {
            loss *= PartOf(batch.Targets, own, size, rows);
        }

        var value = loss.item<float>();
        _times.Add(StepTimes.Forward);
        loss.backward();
        _network.TakeGradients();
        _times.Add(StepTimes.Backward);
        return value;
    }

    /// <summary>What part of the step's loss is the mean of this rank's rows. A batch counts by its rows; within it a rank by its own, or by what the head counts instead.</summary>
    private double PartOf(Tensor targets, long own, long size, long rows)
    {
        if (_exchange is null || _head.Counted(targets) is not { } counted)
        {
            return (double)own / rows;
        }

        var mine = own == 0 ? 0 : counted;
        Span<double> all = [mine];
        _exchange.Sum(all);
        return all[0] == 0 ? 0 : mine / all[0] * size / rows;
    }

    /// <summary>Judges the step before the weights move; undoes what a bad one has done already.</summary>
    private bool IsGood(float loss)
    {
        if (_guard is null)
        {
            return true;
        }

        var norm = _network.Gradients.norm().item<float>();
        var reason = _guard.Judge(_state.Guard, loss, norm);
        if (reason is null)
        {
            (_gradientNorm, _state) = (norm, _state with { Guard = _guard.AfterGood(_state.Guard, loss) });
            return true;
        }

        _state = _state with { Guard = _guard.AfterBad(_state.Guard, reason, _state.Step + 1) };
        (_good ?? _kept)!.PutBack();
        _hooks.Logged?.Invoke($"At step {_state.Step + 1} {reason}: {(_guard.RollsBack ? "the weights went back to the last good ones" : "the step was left out")} (bad step {_state.Guard.Bad})");
        return false;
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
        using var lent = _average is null ? null : new LentWeights(_network, _average.Weights);
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
        var isBest = _state.Best is null || EpochScore.Of(metrics, _spec.Metric) > EpochScore.Of(_state.Best, _spec.Metric);
        _state = _state with
        {
            Epoch = _state.Epoch + 1,
            Position = 0,
            LossSum = 0,
            LossCount = 0,
            History = [.. _state.History, metrics],
            Best = isBest ? metrics : _state.Best,
        };
        if (isBest && _best is not null)
        {
            using var guard = no_grad();
            _best.Take();
        }

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
        // The first step is told at once: whoever waits learns that it runs, and what the restart has cost.
        if (_state.Step == _firstStep + 1 || _time.GetElapsedTime(_reported) >= ReportInterval)
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

            if (_guard is not null)
            {
                points.Add(("train.badSteps", _state.Guard.Bad));
            }

            _recent = default;
        }

        AddTimes(points);
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

    /// <summary>Where the time goes moves slowly: it is told less often than the loss.</summary>
    private void AddTimes(List<(string Name, double Value)> points)
    {
        if (_time.GetElapsedTime(_partsReported) >= TimesInterval)
        {
            _partsReported = _time.GetTimestamp();
            points.AddRange(_times.Take().Select(part => ($"train.stepSeconds.{part.Part}", part.Seconds)));
        }
    }

    private void CheckpointWhenDue()
    {
        if (_exchange is null ? IsCheckpointDue() : _told.Checkpoint)
        {
            SaveCheckpoint();
        }
    }

    /// <summary>Whether this rank wants a checkpoint after the step; the clock is rank 0's.</summary>
    private bool IsCheckpointDue() => _hooks.TakeCheckpointRequest()
        || (Share.Rank == 0 && _time.GetElapsedTime(_checkpointed).TotalSeconds >= _pacing.Seconds && _writer.IsFree);

    /// <param name="score">How good the epoch was that it ends.</param>
    private void SaveCheckpoint(double? score = null)
    {
        RequireSame();
        _checkpointed = _time.GetTimestamp();
        if (Share.Rank > 0)
        {
            return;
        }

        _times.Start();
        _writer.Begin(_state.Step, CheckpointFile.Metadata(_state with { Seconds = Seconds() }, _definition, Order), score is { } finite && double.IsFinite(finite) ? finite : null);
        _times.Add(StepTimes.Checkpoint);
        var stall = _time.GetElapsedTime(_checkpointed).TotalSeconds;
        _pacing.Add(stall);
        Report([("checkpoint.stallSeconds", stall)]);
    }

    /// <summary>Whether it has stopped getting better.</summary>
    private bool IsEarlyEnough()
    {
        if (_state.Position > 0 || !EarlyStop.IsDue(_state.History, _spec.EarlyStop, _spec.Metric))
        {
            return false;
        }

        _hooks.Logged?.Invoke($"Stopped after epoch {_state.Epoch}: no better epoch since {_state.Best!.Epoch}");
        return true;
    }

    /// <summary>Puts the weights that are exported in the place of the last ones.</summary>
    private void Settle()
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        if (_average is not null)
        {
            _network.Weights.copy_(_average.Weights);
        }

        if (_best is not null)
        {
            _network.Weights.copy_(_best.Tensors["weights"]);
            _network.Buffers.copy_(_best.Tensors["buffers"]);
        }
    }

    private Dictionary<string, Tensor> Exported() => new() { ["weights"] = _average?.Weights ?? _network.Weights, ["buffers"] = _network.Buffers };

    /// <summary>Names what every checkpoint holds.</summary>
    private void Collect()
    {
        _tensors["network.weights"] = _network.Weights;
        _tensors["network.buffers"] = _network.Buffers;
        foreach (var (name, tensor) in _optimizer.State)
        {
            _tensors[$"optimizer.{name}"] = tensor;
        }

        if (_average is not null)
        {
            _tensors["average.weights"] = _average.Weights;
        }
    }

    private void Name(string part, TensorCopies? copies)
    {
        foreach (var (name, tensor) in copies?.Tensors ?? new Dictionary<string, Tensor>())
        {
            _tensors[$"{part}.{name}"] = tensor;
        }
    }

    private double Seconds() => _state.Seconds + _time.GetElapsedTime(_started).TotalSeconds;

    /// <summary>A last batch of one row is left out: a mean over one row says nothing to a block that normalises.</summary>
    private static int BatchesPerEpoch(long rows, int batch) => checked((int)((rows / batch) + (rows % batch > (rows > batch && batch > 1 ? 1 : 0) ? 1 : 0)));
}
