using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace OrleansDL.Evaluation;

/// <summary>How often a row's nearest other has its label, among the first 4,096 rows. Rows that are alone with their label do not count.</summary>
internal sealed class EmbeddingJudge : Judge
{
    private const int GreatestKept = 4096;

    private readonly List<(float[] Vector, long Label)> _rows = [];
    private double? _recall;

    public override double? Loss => null;

    public override string Headline => "recall1";

    public override double HeadlineValue => _recall ??= Recall();

    public override void Add(ReadOnlySpan<float> output, ReadOnlySpan<byte> target, ReadOnlySpan<byte> input)
    {
        Rows++;
        if (_rows.Count < GreatestKept)
        {
            var unit = new float[output.Length];
            TensorPrimitives.Divide(output, Math.Max(TensorPrimitives.Norm(output), 1e-12f), unit);
            _rows.Add((unit, MemoryMarshal.Read<long>(target)));
            _recall = null;
        }
    }

    public override void AddMetrics(IDictionary<string, double> metrics, string prefix) => metrics[$"{prefix}recall1"] = HeadlineValue;

    private double Recall()
    {
        var company = _rows.CountBy(row => row.Label).ToDictionary();
        var (asked, found) = (0, 0);
        for (var row = 0; row < _rows.Count; row++)
        {
            if (company[_rows[row].Label] > 1)
            {
                asked++;
                found += _rows[Nearest(row)].Label == _rows[row].Label ? 1 : 0;
            }
        }

        return asked == 0 ? 0 : (double)found / asked;
    }

    private int Nearest(int row)
    {
        var (best, closest) = (-1, float.NegativeInfinity);
        for (var other = 0; other < _rows.Count; other++)
        {
            var near = other == row ? float.NegativeInfinity : TensorPrimitives.Dot(_rows[row].Vector, _rows[other].Vector);
            if (near > closest)
            {
                (best, closest) = (other, near);
            }
        }

        return best;
    }
}
