using System.Runtime.InteropServices;

namespace OrleansDL.Evaluation;

/// <summary>How far rows are from what the network made of them.</summary>
internal sealed class ReconstructionJudge : Judge
{
    private double _squares;

    /// <summary>Mean squared difference, as the rows are encoded.</summary>
    public override double? Loss => HeadlineValue;

    public override string Headline => "mse";

    public override double HeadlineValue => Rows == 0 ? 0 : _squares / Rows;

    public override double Score => -HeadlineValue;

    public override void Add(ReadOnlySpan<float> output, ReadOnlySpan<byte> target, ReadOnlySpan<byte> input)
    {
        var row = MemoryMarshal.Cast<byte, float>(input);
        double sum = 0;
        for (var index = 0; index < row.Length; index++)
        {
            var missed = (double)output[index] - row[index];
            sum += missed * missed;
        }

        Rows++;
        _squares += sum / row.Length;
    }

    public override void AddMetrics(IDictionary<string, double> metrics, string prefix) => metrics[$"{prefix}mse"] = HeadlineValue;
}
