using OrleansDL.Output;

namespace OrleansDL.Demo;

/// <summary>So many right of so many, with the 95% Wilson interval of the share.</summary>
internal readonly record struct Score(int Correct, int Total)
{
    private const double Z = 1.959963984540054;

    public double Accuracy => Total == 0 ? 0 : (double)Correct / Total;

    public (double Low, double High) Interval
    {
        get
        {
            if (Total == 0)
            {
                return (0, 1);
            }

            var denominator = 1 + (Z * Z / Total);
            var middle = (Accuracy + (Z * Z / (2 * Total))) / denominator;
            var half = Z / denominator * Math.Sqrt((Accuracy * (1 - Accuracy) / Total) + (Z * Z / (4.0 * Total * Total)));
            return (Math.Max(0, middle - half), Math.Min(1, middle + half));
        }
    }

    public override string ToString() =>
        $"{Format.Share(Accuracy)} ({Correct} of {Total}; 95% interval {Format.Share(Interval.Low)} to {Format.Share(Interval.High)})";
}
