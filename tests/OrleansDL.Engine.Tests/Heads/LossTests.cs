using OrleansDL.Heads;
using OrleansDL.Native;
using OrleansDL.Training;
using static TorchSharp.torch;

namespace OrleansDL.Tests.Heads;

[Collection("torch")]
public sealed class LossTests
{
    private static readonly double[,] Logits = { { 2, -1, 0.5 }, { 0.1, 0.2, 0.3 }, { -3, 4, 1 }, { 30, -30, 0 } };
    private static readonly long[] Labels = [0, 2, 0, 1];

    public LossTests() => TorchLibrary.Load();

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(0.1, 0, false)]
    [InlineData(0, 2, false)]
    [InlineData(0.2, 0.5, true)]
    [InlineData(0, 0, true)]
    public void One_label_per_row_is_judged_as_by_hand(double smoothing, double gamma, bool weighted)
    {
        float[]? weights = weighted ? [0.5f, 2, 1] : null;
        var expected = Labels.Select((label, row) =>
        {
            var row3 = Row(Logits, row);
            var sum = Math.Log(row3.Sum(logit => Math.Exp(logit - row3.Max()))) + row3.Max();
            var probability = Math.Exp(row3[label] - sum);
            var loss = ((1 - smoothing) * (sum - row3[label])) + (smoothing * row3.Average(logit => sum - logit));
            return (weights?[label] ?? 1) * Math.Pow(Math.Max(1 - probability, gamma > 0 ? 1e-7 : 1), gamma) * loss;
        }).Average();
        using var head = new LabelHead(3, new HeadSpec { LabelSmoothing = smoothing, FocalGamma = gamma }, weights);
        Check(expected, head, tensor(Logits), tensor(Labels));
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(0.1, 0, true)]
    [InlineData(0, 2, false)]
    [InlineData(0.2, 0.5, true)]
    public void Any_number_of_labels_is_judged_as_by_hand(double smoothing, double gamma, bool weighted)
    {
        double[,] targets = { { 1, 0, 1 }, { 0, 0, 0 }, { 1, 1, 1 }, { 0, 1, 0 } };
        float[]? positive = weighted ? [0.5f, 3, 1] : null;
        var sum = 0.0;
        for (var row = 0; row < 4; row++)
        {
            for (var label = 0; label < 3; label++)
            {
                var (x, y) = (Logits[row, label], (targets[row, label] * (1 - smoothing)) + (smoothing / 2));
                var (yes, no) = (1 / (1 + Math.Exp(-x)), 1 / (1 + Math.Exp(x)));
                sum += (y * (positive?[label] ?? 1) * -LogSigmoid(x) * Math.Pow(no, gamma)) + ((1 - y) * -LogSigmoid(-x) * Math.Pow(yes, gamma));
            }
        }

        using var head = new LabelsHead(3, new HeadSpec { Kind = "labels", LabelSmoothing = smoothing, FocalGamma = gamma }, positive);
        Check(sum / 12, head, tensor(Logits), tensor(targets));
    }

    [Theory]
    [InlineData("mse", null)]
    [InlineData("mae", null)]
    [InlineData("huber", null)]
    [InlineData("huber", 0.3)]
    public void Values_are_judged_as_by_hand(string loss, double? delta)
    {
        double[,] targets = { { 1, 0, 1 }, { 0.4, 0, 0 }, { 1, 1.2, 1 }, { 0, 1, 0.1 } };
        var bound = delta ?? 1;
        var expected = Logits.Cast<double>().Zip(targets.Cast<double>(), (output, target) => Math.Abs(output - target)).Average(error => loss switch
        {
            "mse" => error * error,
            "mae" => error,
            _ => error <= bound ? error * error / 2 : bound * (error - (bound / 2)),
        });
        using var head = new RegressionHead(3, new HeadSpec { Kind = "regression", Loss = loss, HuberDelta = delta });
        Check(expected, head, tensor(Logits), tensor(targets));
    }

    [Fact]
    public void Steps_without_a_label_do_not_count()
    {
        using var head = new SequenceHead(3, new HeadSpec { Kind = "sequence" }, null);
        var expected = new[] { (0, 0L), (1, 2L), (3, 1L) }.Average(step => CrossEntropy(Row(Logits, step.Item1), (int)step.Item2));
        Check(expected, head, tensor(Logits).reshape(2, 2, 3), tensor(new long[] { 0, 2, -2, 1 }).reshape(2, 2));
        using var nothing = head.Loss(tensor(Logits).reshape(2, 2, 3), full([2, 2], -2, ScalarType.Int64));
        Assert.Equal(0, nothing.item<double>());
    }

    [Fact]
    public void The_next_token_is_judged_against_the_input_moved_by_one_and_padding_does_not_count()
    {
        using var head = new NextTokenHead(3);
        var expected = (CrossEntropy(Row(Logits, 0), 1) + CrossEntropy(Row(Logits, 2), 2)) / 2;
        Check(expected, head, tensor(Logits).reshape(2, 2, 3), tensor(new long[,] { { 2, 1 }, { 1, 2 } }));
        Check(CrossEntropy(Row(Logits, 0), 1), head, tensor(Logits).reshape(2, 2, 3), tensor(new long[,] { { 2, 1 }, { 1, 0 } }));
    }

    [Fact]
    public void Rows_of_one_label_are_drawn_together_as_by_hand()
    {
        double[,] vectors = { { 1, 2 }, { 0.5, -1 }, { -1, 0.3 }, { 2, 2 } };
        long[] labels = [0, 1, 0, 0];
        var units = Enumerable.Range(0, 4).Select(row => Row(vectors, row)).Select(v => v.Select(x => x / Math.Sqrt(v.Sum(y => y * y))).ToArray()).ToArray();
        double Similar(int one, int other) => units[one].Zip(units[other], (x, y) => x * y).Sum() / 0.2;
        var expected = new[] { 0, 2, 3 }.Average(row =>
        {
            var others = Enumerable.Range(0, 4).Where(other => other != row).ToList();
            var sum = Math.Log(others.Sum(other => Math.Exp(Similar(row, other))));
            return others.Where(other => labels[other] == labels[row]).Average(other => sum - Similar(row, other));
        });
        using var head = new EmbeddingHead(2, 0.2);
        Check(expected, head, tensor(vectors), tensor(labels));
        using var alone = head.Loss(tensor(vectors), tensor(new long[] { 0, 1, 2, 3 }));
        Assert.Equal(0, alone.item<double>());
    }

    [Fact]
    public void A_row_is_compared_with_itself()
    {
        using var head = new ReconstructionHead(3);
        Check(Logits.Cast<double>().Average(value => (value - 0.25) * (value - 0.25)), head, tensor(Logits), full([4, 3], 0.25, ScalarType.Float64));
    }

    [Fact]
    public void Great_logits_give_finite_losses_and_gradients()
    {
        foreach (var head in new Head[]
        {
            new LabelHead(3, new HeadSpec { FocalGamma = 0.5, LabelSmoothing = 0.1 }, null), new LabelsHead(3, new HeadSpec { Kind = "labels", FocalGamma = 0.5 }, null), new EmbeddingHead(3, 0.01),
        })
        {
            using (head)
            {
                using var output = (tensor(Logits) * 1000).to_type(ScalarType.Float32).requires_grad_(true);
                using var target = head is LabelsHead ? ones([4, 3]) : tensor(Labels);
                using var loss = head.Loss(output, target);
                loss.backward();
                Assert.True(float.IsFinite(loss.item<float>()), head.Name);
                Assert.True(output.grad!.isfinite().all().item<bool>(), head.Name);
            }
        }
    }

    [Fact]
    public void Balanced_labels_count_the_same_in_all()
    {
        var counts = new Dictionary<string, long> { ["a"] = 90, ["b"] = 10 };
        var weights = LabelWeights.Of(new HeadSpec { Balanced = true }, ["a", "b", "never"], counts)!;
        Assert.Equal(90 * weights[0], 10 * weights[1], 1e-4);
        Assert.Equal(100, (90 * weights[0]) + (10 * weights[1]), 1e-4);
        Assert.Equal(9, LabelWeights.Positive(new HeadSpec { Balanced = true }, ["b"], counts, 100)![0], 1e-6);
        Assert.StartsWith(
            "head.classWeights names 'c', which no training row is labelled.",
            Assert.Throws<InvalidException>(() => LabelWeights.Of(new HeadSpec { ClassWeights = new Dictionary<string, double> { ["c"] = 1 } }, ["a", "b"], counts)).Message,
            StringComparison.Ordinal);
    }

    /// <summary>The value against the one by hand, and the gradient against differences of the value.</summary>
    private static void Check(double expected, Head head, Tensor output, Tensor target)
    {
        const double Step = 1e-6;
        using var scope = NewDisposeScope();
        using var variable = output.clone().requires_grad_(true);
        var loss = head.Loss(variable, target);
        Assert.Equal(expected, loss.item<double>(), 1e-6 * Math.Max(1, Math.Abs(expected)));
        loss.backward();
        var gradient = variable.grad!.reshape(-1).data<double>().ToArray();
        for (var index = 0; index < gradient.Length; index++)
        {
            var (up, down) = (output.clone(), output.clone());
            up.view(-1)[index] += Step;
            down.view(-1)[index] -= Step;
            var difference = (head.Loss(up, target).item<double>() - head.Loss(down, target).item<double>()) / (2 * Step);
            Assert.Equal(difference, gradient[index], 1e-5);
        }
    }

    private static double[] Row(double[,] values, int row) => [.. Enumerable.Range(0, values.GetLength(1)).Select(column => values[row, column])];

    private static double CrossEntropy(double[] logits, int label) => Math.Log(logits.Sum(logit => Math.Exp(logit - logits.Max()))) + logits.Max() - logits[label];

    private static double LogSigmoid(double x) => Math.Min(x, 0) - Math.Log(1 + Math.Exp(-Math.Abs(x)));
}
