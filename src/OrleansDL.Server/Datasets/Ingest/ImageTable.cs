using System.Text;
using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets.Ingest;

/// <summary>Images as a table of two columns: the image and its label.</summary>
internal static class ImageTable
{
    // Arrays, here and wherever a list goes into a wire record: the classes behind collection expressions have no serializer.
    public static Column[] Columns { get; } =
        [new Column { Name = "image", Type = ColumnType.Image }, new Column { Name = "label", Type = ColumnType.String }];

    public static IReadOnlyList<ColumnStatistics> Summarize(IReadOnlyCollection<DatasetEntry> images)
    {
        var sizes = new ImageSummary();
        var labels = new ColumnAccumulator("label", ColumnType.String);
        foreach (var entry in images)
        {
            labels.AddString(Encoding.UTF8.GetBytes(entry.Label!));
            if (entry.Image is { } facts)
            {
                sizes.Add(facts);
            }
        }

        return
        [
            sizes.Describe(new ColumnStatistics { Name = "image", Type = ColumnType.Image, Count = images.Count, Nulls = 0 }),
            labels.ToStatistics(),
        ];
    }

    /// <summary>Everything that is known of images, from their entries alone.</summary>
    public static FileSummary Summary(IReadOnlyCollection<DatasetEntry> images) => new() { Columns = Summarize(images), Rows = Rows(images) };

    /// <summary>Sketches of images by split: an image is its bytes.</summary>
    public static IReadOnlyDictionary<string, RowSketch> Rows(IEnumerable<DatasetEntry> images)
    {
        var sketches = new Dictionary<string, RowSketch>(StringComparer.Ordinal);
        foreach (var image in images)
        {
            var split = image.Split ?? "";
            if (!sketches.TryGetValue(split, out var sketch))
            {
                sketches.Add(split, sketch = new RowSketch());
            }

            sketch.Add(Convert.ToUInt64(image.Blob.Hex[..16], 16));
        }

        return sketches;
    }
}
