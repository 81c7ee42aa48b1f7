using System.IO.Compression;
using OrleansDL.Datasets;
using Xunit.Abstractions;

namespace OrleansDL.Tests.RealData;

/// <summary>CLINC150's utterances, which are not ours to carry: a folder of intents-part1.csv.gz to intents-part3.csv.gz (utterance, intent) that <c>ODL_TEST_INTENTS</c> names.</summary>
[Collection("torch")]
public sealed class IntentsTests(ITestOutputHelper output)
{
    [IntentsFact, Trait("Category", "Slow")]
    public void A_bag_of_words_hears_85_of_100_intents_out_of_151()
    {
        using var folder = new TestFolder();
        Column[] schema = [Assignments.Text("utterance"), Assignments.Text("intent")];
        var rows = Directory.EnumerateFiles(IntentsFactAttribute.Folder!, "intents-part*.csv.gz").Order(StringComparer.Ordinal).SelectMany(Read).Index().ToList();
        Assert.Equal(16_200, rows.Count);
        Example.Train(folder, Example.Spec("intents"), DatasetKind.Table, schema, rows.Where(row => row.Index % 10 != 0).Select(row => row.Item), output);
        var metrics = Example.Judge(folder, DatasetKind.Table, schema, rows.Where(row => row.Index % 10 == 0).Select(row => row.Item), output);
        Assert.Equal(1620, metrics["rows"]);
        Assert.InRange(metrics["accuracy"], 0.85, 1);
    }

    private static IEnumerable<object?[]> Read(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            var comma = line.LastIndexOf(',');
            yield return [line[..comma].Trim('"'), line[(comma + 1)..]];
        }
    }
}
