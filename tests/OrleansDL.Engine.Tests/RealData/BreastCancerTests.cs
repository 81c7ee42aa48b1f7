using System.Globalization;
using System.IO.Compression;
using System.Reflection;
using OrleansDL.Datasets;
using Xunit.Abstractions;

namespace OrleansDL.Tests.RealData;

[Collection("torch")]
public sealed class BreastCancerTests(ITestOutputHelper output)
{
    [Fact]
    public void A_small_mlp_tells_96_of_100_breast_cancers_from_harmless_masses_in_five_folds()
    {
        using var packed = Assembly.GetExecutingAssembly().GetManifestResourceStream("breast-cancer.csv.gz")!;
        using var reader = new StreamReader(new GZipStream(packed, CompressionMode.Decompress));
        var lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var names = lines[0].Split(',');
        Column[] schema = [.. names[..^1].Select(name => Assignments.Numeric(name)), Assignments.Text(names[^1])];
        var rows = lines[1..].Select(line => line.Split(',')).Select(cells => (object?[])[.. cells[..^1].Select(cell => (object)double.Parse(cell, CultureInfo.InvariantCulture)), cells[^1]]).Index().ToList();
        Assert.Equal(569, rows.Count);
        var accuracies = new List<double>();
        for (var fold = 0; fold < 5; fold++)
        {
            using var folder = new TestFolder();
            Example.Train(folder, Example.Spec("breast-cancer"), DatasetKind.Table, schema, rows.Where(row => row.Index % 5 != fold).Select(row => row.Item), output);
            accuracies.Add(Example.Judge(folder, DatasetKind.Table, schema, rows.Where(row => row.Index % 5 == fold).Select(row => row.Item), output)["accuracy"]);
        }

        output.WriteLine($"Mean accuracy {accuracies.Average():0.0000}");
        Assert.InRange(accuracies.Average(), 0.96, 1);
    }
}
