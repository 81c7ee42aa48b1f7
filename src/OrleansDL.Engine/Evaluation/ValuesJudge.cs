using System.Runtime.InteropServices;
using OrleansDL.Pipelines;

namespace OrleansDL.Evaluation;

/// <summary>How far predicted numbers are from the true ones, in their own units.</summary>
internal sealed class ValuesJudge(IReadOnlyList<TargetColumn> values) : Judge
{
    private readonly double[] _means = new double[values.Count];
    private readonly double[] _spreads = new double[values.Count];
    private readonly double[] _squares = new double[values.Count];
    private readonly double[] _errors = new double[values.Count];
    private double _lossSum;

    /// <summary>Mean squared error in deviations of the training rows.</summary>
    public override double? Loss => Rows == 0 ? 0 : _lossSum / Rows / values.Count;

    public override string Headline => "r2";

    /// <summary>Share of the values' variance that was predicted, the mean over them.</summary>
    public override double HeadlineValue => Rows == 0 ? 0 : Enumerable.Range(0, values.Count).Average(R2);

    public override void Add(ReadOnlySpan<float> output, ReadOnlySpan<byte> target, ReadOnlySpan<byte> input)
    {
        var actual = MemoryMarshal.Cast<byte, float>(target);
        Rows++;
        for (var index = 0; index < values.Count; index++)
        {
            var missed = (double)output[index] - actual[index];
            _lossSum += missed * missed;
            var error = missed * values[index].Deviation;
            _squares[index] += error * error;
            _errors[index] += Math.Abs(error);
            var value = values[index].Restore(actual[index]);
            var delta = value - _means[index];
            _means[index] += delta / Rows;
            _spreads[index] += delta * (value - _means[index]);
        }
    }

    public override void AddMetrics(IDictionary<string, double> metrics, string prefix)
    {
        metrics[$"{prefix}r2"] = HeadlineValue;
        if (values.Count == 1 && Rows > 0)
        {
            // Of several values in several units there is no mean error.
            (metrics[$"{prefix}mae"], metrics[$"{prefix}rmse"]) = (_errors[0] / Rows, Math.Sqrt(_squares[0] / Rows));
        }
    }

    public override void AddDetails(IDictionary<string, double> metrics, string prefix)
    {
        for (var index = 0; values.Count > 1 && Rows > 0 && index < values.Count; index++)
        {
            metrics[$"{prefix}r2.{values[index].Name}"] = R2(index);
            metrics[$"{prefix}mae.{values[index].Name}"] = _errors[index] / Rows;
            metrics[$"{prefix}rmse.{values[index].Name}"] = Math.Sqrt(_squares[index] / Rows);
        }
    }

    /// <summary>A value that is the same in all rows has no variance: predicting it is worth nothing, missing it neither.</summary>
    private double R2(int index) => _spreads[index] > 0 ? 1 - (_squares[index] / _spreads[index]) : 0;
}
