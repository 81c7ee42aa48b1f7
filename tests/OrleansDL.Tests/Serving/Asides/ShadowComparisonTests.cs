using System.Runtime.InteropServices;
using OrleansDL.Serving;
using OrleansDL.Serving.Asides;

namespace OrleansDL.Tests.Serving.Asides;

public sealed class ShadowComparisonTests
{
    private const double Tolerance = 0.001;

    [Fact]
    public void Numbers_agree_within_a_part_of_the_greatest()
    {
        Assert.Equal(new ShadowComparison(true, 0), ShadowComparison.Of(Floats(1, 2), Floats(1, 2), Tolerance));
        var near = ShadowComparison.Of(Floats(1000, 0), Floats(1000, 0.5f), Tolerance);
        Assert.True(near.Agrees);
        Assert.Equal(0.0005, near.Difference!.Value, 1e-9);
        var far = ShadowComparison.Of(Floats(1, 0), Floats(1, 0.5f), Tolerance);
        Assert.False(far.Agrees);
        Assert.Equal(0.5, far.Difference!.Value, 1e-9);
    }

    [Fact]
    public void Labels_decide_where_there_are_any_and_the_difference_is_told_all_the_same()
    {
        var same = ShadowComparison.Of(Floats("a", 1, 0), Floats("a", 0.6f, 0.4f), Tolerance);
        Assert.True(same.Agrees);
        Assert.Equal(0.4, same.Difference!.Value, 1e-6);
        Assert.False(ShadowComparison.Of(Floats("a", 1, 0), Floats("b", 1, 0), Tolerance).Agrees);
    }

    [Fact]
    public void What_cannot_be_compared_does_not_agree()
    {
        Assert.False(ShadowComparison.Of(Floats(1, 2), Floats(1, 2, 3), Tolerance).Agrees);
        Assert.False(ShadowComparison.Of(Floats(1, 2), new InferAnswer { Outputs = [] }, Tolerance).Agrees);
        Assert.False(ShadowComparison.Of(Floats(1, float.NaN), Floats(1, 2), Tolerance).Agrees);
        Assert.True(ShadowComparison.Of(Floats(1, float.NaN), Floats(1, float.NaN), Tolerance).Agrees);
        Assert.Equal(new ShadowComparison(false, null), ShadowComparison.Of(Text("one"), Text("two"), Tolerance));
        Assert.Equal(new ShadowComparison(true, null), ShadowComparison.Of(Text("one"), Text("one"), Tolerance));
    }

    [Fact]
    public void Predictions_are_compared_by_label_value_and_vector()
    {
        Assert.True(ShadowComparison.Of(Row("a"), Row("a"), Tolerance).Agrees);
        Assert.False(ShadowComparison.Of(Row("a"), Row("b"), Tolerance).Agrees);
        var values = ShadowComparison.Of(Row("a", value: 100), Row("a", value: 101), Tolerance);
        Assert.Equal((false, 1 / 101d), (values.Agrees, values.Difference));
        Assert.False(ShadowComparison.Of(Row("a", vector: [1, 2]), Row("a", vector: [1]), Tolerance).Agrees);
        Assert.True(ShadowComparison.Of(Row("a", vector: [1, 2]), Row("a", vector: [1, 2]), Tolerance).Agrees);
    }

    private static PredictAnswer Row(string label, double? value = null, float[]? vector = null) => new()
    {
        Rows = [[new LabelScore(label, 0.9), new LabelScore("other", 0.1)]],
        Values = value is { } known ? [new Dictionary<string, double> { ["price"] = known }] : null,
        Vectors = vector is null ? null : [vector],
    };

    private static InferAnswer Floats(params float[] values) => Answer(TensorElementType.Fp32, [values.Length], MemoryMarshal.AsBytes<float>(values).ToArray(), []);

    private static InferAnswer Floats(string label, params float[] values) => Answer(TensorElementType.Fp32, [values.Length], MemoryMarshal.AsBytes<float>(values).ToArray(), [new LabelScore(label, 1)]);

    private static InferAnswer Text(string text) => Answer(TensorElementType.Bytes, [1], System.Text.Encoding.UTF8.GetBytes(text), []);

    private static InferAnswer Answer(TensorElementType type, long[] shape, byte[] data, LabelScore[] top) =>
        new() { Outputs = [new Tensor { Name = "y", Type = type, Shape = shape, Data = data }], Top = top };
}
