using OrleansDL.Datasets;
using Xunit.Abstractions;

namespace OrleansDL.Tests.RealData;

[Collection("torch")]
public sealed class FashionTests(ITestOutputHelper output)
{
    [Fact]
    public void A_cnn_names_the_garments_of_new_images_after_a_tenth_of_one_epoch() => Check(trained: 6_000, epochs: 1, judged: 2_000, least: 0.75);

    [Fact, Trait("Category", "Slow")]
    public void A_cnn_names_91_of_100_garments_of_the_test_set() => Check(trained: 60_000, epochs: null, judged: 10_000, least: 0.91);

    private void Check(int trained, int? epochs, int judged, double least)
    {
        using var folder = new TestFolder();
        var spec = Example.Spec("fashion");
        Example.Train(folder, spec with { Epochs = epochs ?? spec.Epochs }, DatasetKind.Table, Fashion.Schema, Fashion.Rows("train").Take(trained), output);
        var metrics = Example.Judge(folder, DatasetKind.Table, Fashion.Schema, Fashion.Rows("t10k").Take(judged), output);
        Assert.Equal(judged, metrics["rows"]);
        Assert.InRange(metrics["accuracy"], least, 1);
    }
}
