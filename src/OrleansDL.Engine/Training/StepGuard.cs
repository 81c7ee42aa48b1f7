using System.Globalization;

namespace OrleansDL.Training;

/// <summary>Tells bad steps from good ones: a loss or gradient that is no number, or a loss far above the median of the recent ones.</summary>
internal sealed class StepGuard(GuardSpec spec)
{
    private const int DefaultWindow = 64;
    private const int DefaultGoodSteps = 100;
    private const int DefaultLimit = 10;

    private int Window => spec.Window ?? DefaultWindow;

    public bool RollsBack => spec.Action == "rollback";

    /// <summary>Whether the state after this step is one to go back to.</summary>
    public bool IsGoodState(long step) => RollsBack && step % (spec.GoodSteps ?? DefaultGoodSteps) == 0;

    /// <summary>Why the step is bad; null when it is good.</summary>
    public string? Judge(GuardState state, float loss, double gradientNorm)
    {
        if (!float.IsFinite(loss))
        {
            return string.Create(CultureInfo.InvariantCulture, $"the loss became {loss}");
        }

        if (!double.IsFinite(gradientNorm))
        {
            return "a gradient is no number";
        }

        if (spec.SpikeFactor is not { } factor || state.Losses.Count < Window / 4)
        {
            return null;
        }

        var median = Median(state.Losses);
        return loss > factor * median
            ? string.Create(CultureInfo.InvariantCulture, $"the loss leapt to {loss:0.####} from a median of {median:0.####}")
            : null;
    }

    public GuardState AfterGood(GuardState state, float loss) =>
        spec.SpikeFactor is null ? state : state with { Losses = [.. state.Losses.Skip(Math.Max(0, state.Losses.Count + 1 - Window)), loss] };

    /// <exception cref="InvalidException">The run is to fail.</exception>
    public GuardState AfterBad(GuardState state, string reason, long step)
    {
        var bad = state.Bad + 1;
        if (spec.Action == "stop")
        {
            throw new InvalidException($"At step {step} {reason}. Lower learningRate, bound the gradients with clip, or set guard.action to 'skip' or 'rollback'.");
        }

        var limit = spec.Limit ?? DefaultLimit;
        return bad <= limit
            ? state with { Bad = bad }
            : throw new InvalidException($"At step {step} {reason}: bad step {bad}, and guard.limit is {limit}. Lower learningRate, or bound the gradients with clip.");
    }

    private static double Median(IReadOnlyList<float> losses)
    {
        var sorted = losses.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + (double)sorted[sorted.Length / 2]) / 2;
    }
}
