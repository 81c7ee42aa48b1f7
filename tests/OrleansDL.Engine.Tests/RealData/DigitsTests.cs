using OrleansDL.Datasets;
using Xunit.Abstractions;

namespace OrleansDL.Tests.RealData;

[Collection("torch")]
public sealed class DigitsTests(ITestOutputHelper output)
{
    [Fact]
    public void A_small_cnn_reads_98_of_100_digits_it_never_saw()
    {
        using var folder = new TestFolder();
        Column[] schema = [.. Assignments.DigitColumns];
        var rows = TestFolder.Digits().Select(line => (object?[])[.. line.Split(',').Select(cell => (object)long.Parse(cell, System.Globalization.CultureInfo.InvariantCulture))]).Index().ToList();
        Example.Train(folder, Example.Spec("digits"), DatasetKind.Table, schema, rows.Where(row => row.Index % 5 != 0).Select(row => row.Item), output);
        var metrics = Example.Judge(folder, DatasetKind.Table, schema, rows.Where(row => row.Index % 5 == 0).Select(row => row.Item), output);
        Assert.Equal(360, metrics["rows"]);
        Assert.InRange(metrics["accuracy"], 0.98, 1);
    }
}
