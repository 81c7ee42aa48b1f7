using OrleansDL.Serving.Rpc.Wire;
using Control = OrleansDL.Serving.Rpc.Wire.ModelSequenceBatching.Types.Control;

namespace OrleansDL.Serving.Repository;

/// <summary>A configuration's <c>sequence_batching</c> as the terms of a deployment.</summary>
internal static class ConfigSequence
{
    private const int DefaultCandidates = 64;

    /// <summary>How sequences are kept; null without <c>sequence_batching</c>.</summary>
    /// <param name="config">Completed: it says <c>max_batch_size</c>.</param>
    /// <exception cref="InvalidException">It asks for what is not there, or a number is out of range.</exception>
    public static SequenceSpec? Of(ModelConfig config)
    {
        if (config.SequenceBatching is not { } batching)
        {
            return null;
        }

        ConfigRules.Refuse(batching.IterativeSequence, "sequence_batching.iterative_sequence");
        var rows = Math.Max(1, config.MaxBatchSize);
        var spec = new SequenceSpec
        {
            Strategy = batching.Oldest is null ? SequenceStrategy.Direct : SequenceStrategy.Oldest,
            MaximumSequences = batching.Oldest is not { } oldest ? rows : oldest.MaxCandidateSequences > 0 ? oldest.MaxCandidateSequences : DefaultCandidates,
            MaximumBatchSize = rows,
            Instances = Math.Max(1, config.InstanceGroup.Sum(group => group.Count)),
            Unbatched = config.MaxBatchSize == 0,
            MaximumIdleMicroseconds = batching.MaxSequenceIdleMicroseconds == 0 ? new SequenceSpec().MaximumIdleMicroseconds : (long)Math.Min(batching.MaxSequenceIdleMicroseconds, long.MaxValue),
            MaximumDelayMicroseconds = (long)Math.Min(batching.Direct?.MaxQueueDelayMicroseconds ?? batching.Oldest?.MaxQueueDelayMicroseconds ?? 0, long.MaxValue),
            MinimumUtilization = batching.Direct?.MinimumSlotUtilization ?? 0,
            PreferredBatchSizes = [.. batching.Oldest?.PreferredBatchSize ?? []],
            Controls = [.. batching.ControlInput.SelectMany(input => input.Control, Of)],
            States = [.. batching.State.Select(state => Of(state) with { Visible = IsOutput(config, state.OutputName) })],
        };
        SequenceSpecRules.Check(spec);
        return spec;
    }

    /// <summary>Whether an input or output is a control's or a state's alone, so that callers do not see it.</summary>
    public static bool Hides(ModelConfig config, string tensor) => config.SequenceBatching is { } batching
        && (batching.ControlInput.Any(control => control.Name == tensor) || batching.State.Any(state => state.InputName == tensor || (state.OutputName == tensor && !IsOutput(config, tensor))));

    /// <summary>Whether the configuration lists a tensor among the outputs: a state that it does callers see.</summary>
    private static bool IsOutput(ModelConfig config, string tensor) => config.Output.Any(output => output.Name == tensor);

    private static SequenceControl Of(ModelSequenceBatching.Types.ControlInput input, Control control)
    {
        var kind = control.Kind switch
        {
            Control.Types.Kind.ControlSequenceStart => SequenceControlKind.Start,
            Control.Types.Kind.ControlSequenceReady => SequenceControlKind.Ready,
            Control.Types.Kind.ControlSequenceEnd => SequenceControlKind.End,
            _ => SequenceControlKind.CorrelationId,
        };
        double[] values = control switch
        {
            { Int32FalseTrue.Count: > 0 } => [.. control.Int32FalseTrue],
            { Fp32FalseTrue.Count: > 0 } => [.. control.Fp32FalseTrue],
            { BoolFalseTrue.Count: > 0 } => [.. control.BoolFalseTrue.Select(value => value ? 1.0 : 0)],
            _ => [],
        };
        return kind is SequenceControlKind.CorrelationId
            ? new SequenceControl { Input = input.Name, Kind = kind }
            : values is [var no, var yes]
                ? new SequenceControl { Input = input.Name, Kind = kind, False = no, True = yes }
                : throw new InvalidException($"sequence_batching control '{input.Name}' needs a value for false and one for true, for example int32_false_true: [0, 1].");
    }

    private static SequenceState Of(ModelSequenceBatching.Types.State state)
    {
        if (state.InitialState.Count > 1)
        {
            throw new InvalidException($"sequence_batching state '{state.InputName}' has {state.InitialState.Count} initial states. Give one.");
        }

        var initial = state.InitialState.Count == 0 ? null : state.InitialState[0];
        var dims = initial is { Dims.Count: > 0 } ? initial.Dims : state.Dims;
        return new SequenceState
        {
            Input = state.InputName,
            Output = state.OutputName,
            Shape = dims.All(size => size > 0) ? [.. dims] : [],
            InitialFile = initial is { DataFile.Length: > 0 } ? ConfigFiles.NameOf(ConfigFiles.InitialStates, initial.DataFile) : null,
        };
    }
}
