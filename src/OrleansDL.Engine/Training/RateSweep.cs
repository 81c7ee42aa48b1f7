using System.Globalization;

namespace OrleansDL.Training;

/// <summary>The sweep of a learning rate finder: which rate each step has, when the loss has run away, and where it fell fastest. A function of the losses alone.</summary>
internal sealed class RateSweep
{
    private const double DefaultLeast = 1e-7;
    private const double DefaultGreatest = 10;
    private const int DefaultSteps = 100;

    /// <summary>The sweep ends when the smoothed loss is so many times its least.</summary>
    private const double RunAway = 4;

    /// <summary>How much of the smoothed loss stays from step to step.</summary>
    private const double Smoothing = 0.9;

    /// <summary>The slope at a step is taken between means over a twentieth of the sweep on either side of it.</summary>
    private const int Windows = 20;

    private readonly List<double> _losses = [];
    private readonly double _least;
    private readonly double _greatest;
    private double _sum;
    private double _best = double.PositiveInfinity;

    public RateSweep(RateFinderSpec spec)
    {
        (_least, _greatest) = (spec.Least ?? DefaultLeast, spec.Greatest ?? DefaultGreatest);
        Steps = spec.Steps ?? DefaultSteps;
    }

    public int Steps { get; }

    /// <summary>Steps made so far.</summary>
    public int Done => _losses.Count;

    /// <summary>Running mean of the losses so far, without the pull towards 0 of its beginning.</summary>
    public double Smoothed => _sum / (1 - Math.Pow(Smoothing, _losses.Count));

    /// <param name="step">From 0.</param>
    public double RateOf(int step) => _least * Math.Pow(_greatest / _least, (double)step / (Steps - 1));

    /// <returns>False when the sweep is over: the loss has run away, or that was the last step.</returns>
    public bool Add(double loss)
    {
        if (!double.IsFinite(loss))
        {
            return false;
        }

        _losses.Add(loss);
        _sum = (Smoothing * _sum) + ((1 - Smoothing) * loss);
        _best = Math.Min(_best, Smoothed);
        return _losses.Count < Steps && Smoothed <= RunAway * Math.Abs(_best);
    }

    /// <summary>The rate at which the loss fell fastest, by means over the steps before and after.</summary>
    /// <exception cref="InvalidException">It fell nowhere.</exception>
    public double Suggest()
    {
        var window = Math.Max(2, Steps / Windows);
        var means = Enumerable.Range(0, Math.Max(0, _losses.Count - window + 1)).Select(step => Mean(step, window)).ToList();

        // Behind the least loss the weights leap about: a fall there says nothing.
        var least = means.Count == 0 ? 0 : means.IndexOf(means.Min());
        var (best, steepest) = (-1, 0.0);
        for (var step = window; step <= least; step++)
        {
            var slope = means[step] - means[step - window];
            if (slope < steepest)
            {
                (best, steepest) = (step, slope);
            }
        }

        return best >= 0 ? RateOf(best) : throw new InvalidException(string.Create(
            CultureInfo.InvariantCulture,
            $"rateFinder found no learning rate from {_least} to {_greatest} at which the loss falls: the sweep ended after {_losses.Count} of {Steps} steps. Set rateFinder.least lower, or give learningRate in its place."));
    }

    private double Mean(int from, int count)
    {
        var sum = 0.0;
        for (var step = from; step < from + count; step++)
        {
            sum += _losses[step];
        }

        return sum / count;
    }
}
