using OrleansDL.Training;

namespace OrleansDL.Heads;

/// <summary>How much each label counts, by the spec and the training rows.</summary>
internal static class LabelWeights
{
    /// <summary>Beyond this, having a rare label is not made to count more: one row would carry the batch.</summary>
    private const double GreatestPositive = 100;

    /// <summary>Weights in the order of the labels; null when all count 1. Balanced weights have the mean 1 over the training rows.</summary>
    /// <exception cref="InvalidException">The spec weighs a label that no row has.</exception>
    public static float[]? Of(HeadSpec head, IReadOnlyList<string> labels, IReadOnlyDictionary<string, long> counts)
    {
        if (head.Balanced)
        {
            var (rows, present) = ((double)counts.Values.Sum(), counts.Count);
            return [.. labels.Select(label => counts.TryGetValue(label, out var count) ? (float)(rows / (present * count)) : 1)];
        }

        return head.ClassWeights is { } given ? Named(given, labels, "head.classWeights") : null;
    }

    /// <summary>Weights of having a label against lacking it; balanced: rows that lack it over rows that have it.</summary>
    /// <exception cref="InvalidException">The spec weighs a label that no row has.</exception>
    public static float[]? Positive(HeadSpec head, IReadOnlyList<string> labels, IReadOnlyDictionary<string, long> counts, long rows)
    {
        if (head.Balanced)
        {
            return [.. labels.Select(label => counts.TryGetValue(label, out var count) ? (float)Math.Clamp((double)(rows - count) / count, 1 / GreatestPositive, GreatestPositive) : 1)];
        }

        return head.PositiveWeights is { } given ? Named(given, labels, "head.positiveWeights") : null;
    }

    private static float[] Named(IReadOnlyDictionary<string, double> given, IReadOnlyList<string> labels, string path)
    {
        var unknown = given.Keys.Except(labels, StringComparer.Ordinal).FirstOrDefault();
        return unknown is null
            ? [.. labels.Select(label => (float)given.GetValueOrDefault(label, 1))]
            : throw new InvalidException($"{path} names '{unknown}', which no training row is labelled. Labels: {string.Join(", ", labels.Take(50))}.");
    }
}
