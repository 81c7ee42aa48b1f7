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
        var labels = images.GroupBy(entry => entry.Label!, StringComparer.Ordinal).ToDictionary(group => group.Key, group => (long)group.Count());
        return
        [
            new ColumnStatistics { Name = "image", Type = ColumnType.Image, Count = images.Count, Nulls = 0 },
            new ColumnStatistics
            {
                Name = "label",
                Type = ColumnType.String,
                Count = images.Count,
                Nulls = 0,
                Values = labels.Count <= ColumnStatistics.MaximumValues ? labels : null,
            },
        ];
    }

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

    /// <summary>The statistics of what stays when some images go. Labels that were too many to count stay uncounted.</summary>
    public static IReadOnlyList<ColumnStatistics> Subtract(IReadOnlyList<ColumnStatistics> all, IReadOnlyList<ColumnStatistics> gone) =>
        [.. all.Zip(gone, (left, right) => left with
        {
            Count = left.Count - right.Count,
            Values = left.Values is null || right.Values is null
                ? null
                : left.Values.Select(value => KeyValuePair.Create(value.Key, value.Value - right.Values.GetValueOrDefault(value.Key)))
                    .Where(value => value.Value > 0).ToDictionary(StringComparer.Ordinal),
        })];
}
