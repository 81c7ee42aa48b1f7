using System.Runtime.InteropServices;
using FsCheck.Xunit;
using OrleansDL.Evaluation;
using OrleansDL.Pipelines;

namespace OrleansDL.Tests.Evaluation;

public sealed class MetricsTests
{
    [Fact]
    public void Labels_are_counted_as_by_hand()
    {
        var judge = new LabelJudge(["a", "b", "c"]);
        Add(judge, [2, 0, 0], 0);
        Add(judge, [0, 2, 0], 0);
        Add(judge, [0, 2, 0], 1);
        Add(judge, [0, 0, 2], 2);
        Add(judge, [0, 0, 2], -1);
        var metrics = All(judge);
        Assert.Equal((0.6, 1), (metrics["accuracy"], metrics["unknownLabels"]));
        Assert.Equal((1, 0.5, 2 / 3.0), (metrics["precision.a"], metrics["recall.a"], metrics["f1.a"]));
        Assert.Equal((0.5, 1, 2 / 3.0), (metrics["precision.c"], metrics["recall.c"], metrics["f1.c"]));
        Assert.Equal(2 / 3.0, metrics["f1.macro"], 1e-12);
        Assert.Equal((0.5 * 2 + 1 + 1) / 4, metrics["recall.weighted"], 1e-12);
        Assert.Equal(3 / 5.0, metrics["precision.micro"]);
        Assert.Equal(1, metrics["confusion.a.b"]);
        Assert.Equal([[1, 1, 0], [0, 1, 0], [0, 0, 1]], judge.Confusion!.Rows.Select(row => row.ToArray()));
        var right = Math.Exp(2) / (Math.Exp(2) + 2);
        Assert.Equal(((3 * -Math.Log(right)) - Math.Log((1 - right) / 2)) / 4, judge.Loss!.Value, 1e-6);
        Assert.Equal(Math.Abs((4 * right) - 3) / 4, metrics["ece"], 1e-6);
        var missed = Math.Pow(right, 2) + Math.Pow(1 - ((1 - right) / 2), 2) + Math.Pow((1 - right) / 2, 2);
        var hit = Math.Pow(1 - right, 2) + (2 * Math.Pow((1 - right) / 2, 2));
        Assert.Equal(((3 * hit) + missed) / 4, metrics["brier"], 1e-6);
    }

    [Property(MaxTest = 100)]
    public void The_area_under_the_curve_is_the_share_of_pairs_in_the_right_order(List<(byte Score, bool Meant)> rows)
    {
        var (positives, negatives) = (rows.Where(row => row.Meant).ToList(), rows.Where(row => !row.Meant).ToList());
        if (positives.Count == 0 || negatives.Count == 0)
        {
            return;
        }

        var sorted = rows.OrderByDescending(row => row.Score).ToList();
        var (area, precision) = Ranking.Measure([.. sorted.Select(row => -(float)row.Score)], [.. sorted.Select(row => row.Meant)], positives.Count);
        var pairs = positives.SelectMany(_ => negatives, (up, down) => up.Score > down.Score ? 1 : up.Score == down.Score ? 0.5 : 0).Average();
        Assert.Equal(pairs, area, 1e-9);
        var expected = rows.Select(row => row.Score).Distinct().OrderDescending().Sum(score =>
        {
            var taken = rows.Where(row => row.Score >= score).ToList();
            return (double)positives.Count(row => row.Score == score) / positives.Count * taken.Count(row => row.Meant) / taken.Count;
        });
        Assert.Equal(expected, precision, 1e-9);
    }

    [Fact]
    public void Scores_that_are_no_numbers_are_one_rank_of_their_own() =>
        Assert.Equal(0.5, Ranking.Measure([float.NaN, float.NaN, -1, -1], [true, false, true, false], 2).Area);

    [Fact]
    public void Several_labels_are_counted_as_by_hand()
    {
        var judge = new LabelsJudge(["a", "b"], 0.5);
        judge.Add([1, -1], Bytes<float>(1, 0), []);
        judge.Add([1, 1], Bytes<float>(0, 1), []);
        judge.Add([-1, -1], Bytes<float>(1, 0), []);
        var metrics = All(judge);
        Assert.Equal((2 / 3.0, 2 / 3.0, 2 / 3.0), (metrics["precision.micro"], metrics["recall.micro"], metrics["f1.micro"]));
        Assert.Equal((0.5, 0.5, 0.5), (metrics["precision.a"], metrics["recall.a"], metrics["f1.a"]));
        Assert.Equal((1 / 3.0, 2 / 6.0), (metrics["subsetAccuracy"], metrics["hammingLoss"]));
        var (low, high) = (Math.Log(1 + Math.Exp(-1)), Math.Log(1 + Math.Exp(1)));
        Assert.Equal(((4 * low) + (2 * high)) / 6, judge.Loss!.Value, 1e-6);
        Assert.Equal((0.25 + 1) / 2, metrics["auc"], 1e-9);
    }

    [Fact]
    public void Values_are_judged_in_their_own_unit()
    {
        var judge = new ValuesJudge([new TargetColumn { Name = "price", Mean = 100, Deviation = 10 }]);
        judge.Add([0], Bytes<float>(1), []);
        judge.Add([-1], Bytes<float>(-1), []);
        judge.Add([2], Bytes<float>(0), []);
        var metrics = All(judge);
        Assert.Equal((10, Math.Sqrt(500 / 3.0)), (metrics["mae"], metrics["rmse"]));
        Assert.Equal(1 - (500 / 200.0), metrics["r2"], 1e-9);
        Assert.Equal(5 / 3.0, judge.Loss!.Value, 1e-6);
    }

    [Fact]
    public void Steps_tokens_vectors_and_rows_are_judged_as_by_hand()
    {
        var steps = new StepLabelsJudge(["a", "b"], confuses: true);
        steps.Add([1, 0, 0, 1, 9, 9], Bytes<long>(0, 0, -2), []);
        steps.Add([1, 0, 0, 1, 9, 9], Bytes<long>(0, 1, -2), []);
        Assert.Equal((0.75, 0.5, 4), (steps.HeadlineValue, All(steps)["sequenceAccuracy"], All(steps)["steps"]));

        var tokens = new NextTokenJudge(3);
        tokens.Add([0, 0, 0, 0, 0, 0, 5, 5, 5], [], Bytes<long>(2, 1, 0));
        Assert.Equal(3, tokens.HeadlineValue, 1e-9);
        Assert.Equal(1, All(tokens)["tokens"]);

        var vectors = new EmbeddingJudge();
        foreach (var (x, y, label) in new[] { (1f, 0f, 0L), (9, 1, 0), (0, 1, 1), (0.1f, 3, 1), (-1, 0.5f, 1), (-1, 0, 2) })
        {
            vectors.Add([x, y], Bytes(label), []);
        }

        Assert.Equal(0.8, vectors.HeadlineValue, 1e-9);

        var rows = new ReconstructionJudge();
        rows.Add([1, 2], [], Bytes<float>(1, 4));
        Assert.Equal((2, -2), (rows.HeadlineValue, rows.Score));
    }

    private static void Add(LabelJudge judge, float[] logits, long label) => judge.Add(logits, Bytes(label), []);

    private static Dictionary<string, double> All(Judge judge)
    {
        var metrics = new Dictionary<string, double>();
        judge.AddMetrics(metrics, "");
        judge.AddDetails(metrics, "");
        return metrics;
    }

    private static byte[] Bytes<T>(params T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
}
