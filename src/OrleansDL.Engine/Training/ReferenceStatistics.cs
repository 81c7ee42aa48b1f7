using System.Globalization;
using OrleansDL.Data;
using OrleansDL.Pipelines;

namespace OrleansDL.Training;

/// <summary>How the training rows looked: what serving is compared with. The artifact's <c>reference.json</c>.</summary>
internal sealed record ReferenceStatistics
{
    public const int CurrentVersion = 1;

    /// <summary>Bytes of encoded rows that are looked at; of a larger dataset, rows at even distances.</summary>
    private const long SampleBytes = 1 << 28;
    private const int LeastSample = 4096;
    private static readonly double[] Levels = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

    public int Version { get; init; } = CurrentVersion;
    public required long Rows { get; init; }

    /// <summary>Share of each label.</summary>
    public required IReadOnlyDictionary<string, double> Labels { get; init; }
    public required IReadOnlyList<FeatureStatistics> Features { get; init; }

    public static ReferenceStatistics Of(TrainingData data)
    {
        var (pipeline, rows) = (data.Pipeline, Sample(data));
        return new ReferenceStatistics
        {
            Rows = data.Training.Count,
            Labels = new SortedDictionary<string, double>(
                pipeline.Labels.ToDictionary(label => label, label => (double)data.Labels.GetValueOrDefault(label) / data.Training.Count), StringComparer.Ordinal),
            Features = [.. pipeline switch
            {
                TablePipeline table => Table(table, rows),
                ImagePipeline { Columns: not null } image => Pixels(image, rows),
                ImagePipeline image => Brightness(image, rows),
                _ => Text(rows),
            }],
        };
    }

    /// <summary>Which rows follows from their number and size alone, not from where they are kept.</summary>
    private static EncodedRows Sample(TrainingData data)
    {
        var rows = data.Training;
        var size = (int)Math.Min(rows.Count, Math.Max(LeastSample, SampleBytes / data.Pipeline.RowBytes));
        if (size == rows.Count && rows.Encoded is { } all)
        {
            return all;
        }

        var (sample, reader) = (new EncodedRows(data.Pipeline, data.Target, size), rows.Open());
        for (var index = 0; index < size; index++)
        {
            reader.Read((long)((Int128)index * rows.Count / size), sample.Bytes(index), sample.Target(index));
        }

        return sample;
    }

    private static IEnumerable<FeatureStatistics> Table(TablePipeline table, EncodedRows rows)
    {
        var at = 0;
        foreach (var column in table.Columns)
        {
            yield return column.Type is TableColumnKind.Categorical
                ? Categorical(column, rows, at)
                : Numeric(column.Name, column.Type is TableColumnKind.Bool ? "bool" : "numeric", Column(rows, at, column.Deviation ?? 1, column.Mean ?? 0));
            at += column.Width;
        }
    }

    private static FeatureStatistics Categorical(TableColumn column, EncodedRows rows, int at)
    {
        var shares = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var (index, value) in column.Values!.Index())
        {
            shares[value] = Column(rows, at + index, 1, 0).Sum() / rows.Count;
        }

        var known = shares.Values.Sum();
        return new FeatureStatistics { Name = column.Name, Type = "categorical", Count = rows.Count, Missing = (long)Math.Round((1 - known) * rows.Count), Shares = shares };
    }

    private static IEnumerable<FeatureStatistics> Pixels(ImagePipeline image, EncodedRows rows)
    {
        // Columns are named in the order of the table; the encoded row holds one plane per channel.
        var plane = image.Height * image.Width;
        return image.Columns!.Index().Select(column => Numeric(
            column.Item, "numeric", Column(rows, (column.Index % image.Channels * plane) + (column.Index / image.Channels), image.Scale, 0)));
    }

    /// <summary>Image files: mean brightness and contrast of each image, 0 to 1.</summary>
    private static FeatureStatistics[] Brightness(ImagePipeline image, EncodedRows rows)
    {
        var (means, deviations) = (new double[rows.Count], new double[rows.Count]);
        var width = image.Channels * image.Height * image.Width;
        for (var row = 0; row < rows.Count; row++)
        {
            var pixels = rows.Floats.AsSpan(row * width, width);
            var mean = Sum(pixels, 0, power: false) / width;
            (means[row], deviations[row]) = (mean, Math.Sqrt(Sum(pixels, mean, power: true) / width));
        }

        return [Numeric("brightness", "numeric", means), Numeric("contrast", "numeric", deviations)];
    }

    private static double Sum(ReadOnlySpan<float> values, double mean, bool power)
    {
        double sum = 0;
        foreach (var value in values)
        {
            sum += power ? (value - mean) * (value - mean) : value;
        }

        return sum;
    }

    /// <summary>Text: tokens per row and the share of them that the vocabulary lacks.</summary>
    private static FeatureStatistics[] Text(EncodedRows rows)
    {
        var width = rows.Tokens!.Length / rows.Count;
        var (lengths, unknown) = (new double[rows.Count], new double[rows.Count]);
        for (var row = 0; row < rows.Count; row++)
        {
            var tokens = rows.Tokens.AsSpan(row * width, width);
            lengths[row] = width - tokens.Count(0);
            unknown[row] = lengths[row] == 0 ? 0 : tokens.Count(1) / lengths[row];
        }

        return [Numeric("tokens", "numeric", lengths), Numeric("unknownTokens", "numeric", unknown)];
    }

    private static double[] Column(EncodedRows rows, int at, double factor, double offset)
    {
        var width = rows.Floats!.Length / rows.Count;
        var values = new double[rows.Count];
        for (var row = 0; row < rows.Count; row++)
        {
            values[row] = (rows.Floats[(row * width) + at] * factor) + offset;
        }

        return values;
    }

    private static FeatureStatistics Numeric(string name, string type, double[] values)
    {
        Array.Sort(values);
        var mean = values.Average();
        return new FeatureStatistics
        {
            Name = name,
            Type = type,
            Count = values.Length,
            Mean = mean,
            Deviation = Math.Sqrt(values.Average(value => (value - mean) * (value - mean))),
            Min = values[0],
            Max = values[^1],
            Quantiles = Levels.ToDictionary(
                level => level.ToString(CultureInfo.InvariantCulture),
                level => values[(int)Math.Round(level * (values.Length - 1))]),
        };
    }
}
