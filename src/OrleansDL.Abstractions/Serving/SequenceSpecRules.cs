using System.Globalization;

namespace OrleansDL.Serving;

/// <summary>What a sequence spec must keep to; whether the model has its inputs and outputs is seen when it is loaded.</summary>
public static class SequenceSpecRules
{
    private const int GreatestNames = 64;

    /// <exception cref="InvalidException">The message begins with the JSON path of what is wrong.</exception>
    public static void Check(SequenceSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        Require(Enum.IsDefined(spec.Strategy), $"sequence.strategy '{spec.Strategy}' is unknown. Strategies: direct, oldest.");
        Range("maximumSequences", spec.MaximumSequences, 1, 4096);
        Range("maximumIdleMicroseconds", spec.MaximumIdleMicroseconds, 1000, 86_400_000_000);
        Range("maximumBatchSize", spec.MaximumBatchSize, 1, 1024);
        Range("maximumQueue", spec.MaximumQueue, 1, 1_000_000);
        Range("maximumDelayMicroseconds", spec.MaximumDelayMicroseconds, 0, 86_400_000_000);
        Require(spec.MinimumUtilization is >= 0 and <= 1, string.Create(CultureInfo.InvariantCulture, $"sequence.minimumUtilization is {spec.MinimumUtilization}. Give a share of the places, 0 to 1."));
        Require(spec.PreferredBatchSizes.Count <= 64 && spec.PreferredBatchSizes.All(size => size >= 1 && size <= spec.MaximumBatchSize), $"sequence.preferredBatchSizes has a size below 1 or above {spec.MaximumBatchSize}, or more than 64.");
        Range("instances", spec.Instances, 1, 256);
        Range("controls.length", spec.Controls.Count, 0, GreatestNames);
        Range("states.length", spec.States.Count, 0, GreatestNames);
        foreach (var (index, control) in spec.Controls.Index())
        {
            Require(control.Input.Length is > 0 and <= 1024, $"sequence.controls[{index}].input is no name of an input.");
            Require(Enum.IsDefined(control.Kind), $"sequence.controls[{index}].kind '{control.Kind}' is unknown. Kinds: start, ready, end, correlationId.");
        }

        foreach (var (index, state) in spec.States.Index())
        {
            Require(state.Input.Length is > 0 and <= 1024 && state.Output.Length is > 0 and <= 1024, $"sequence.states[{index}] names no input and output.");
            Require(state.Shape.Count <= 16 && state.Shape.All(size => size is > 0 and <= int.MaxValue), $"sequence.states[{index}].shape has a size below 1, or more than 16.");
        }

        var inputs = spec.Controls.Select(control => control.Input).Concat(spec.States.Select(state => state.Input)).ToList();
        Require(inputs.Distinct(StringComparer.Ordinal).Count() == inputs.Count, "sequence names an input twice. Each is one control's or one state's.");
    }

    private static void Range(string field, long value, long least, long greatest) => Require(
        value >= least && value <= greatest,
        string.Create(CultureInfo.InvariantCulture, $"sequence.{field} is {value}. Give a number from {least} to {greatest}."));

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new InvalidException(message);
        }
    }
}
