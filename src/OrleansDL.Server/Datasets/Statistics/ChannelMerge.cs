namespace OrleansDL.Datasets.Statistics;

/// <summary>Joins what is known of channels, one by one.</summary>
internal static class ChannelMerge
{
    /// <returns>Null when only one side is known, or their channels are not the same in number.</returns>
    public static IReadOnlyList<ChannelStatistics>? Merge(IReadOnlyList<ChannelStatistics>? first, IReadOnlyList<ChannelStatistics>? second) =>
        first is null || second is null || first.Count != second.Count ? null : first.Zip(second, Merge).ToArray();

    /// <summary>What each summary holds; null when one of them holds nothing.</summary>
    public static IReadOnlyList<ChannelStatistics>? Finish(NumberSummary[] channels)
    {
        var finished = new List<ChannelStatistics>(channels.Length);
        foreach (var channel in channels)
        {
            if (channel.Finish() is not var (min, max, mean, m2))
            {
                return null;
            }

            finished.Add(new ChannelStatistics { Count = channel.Count, Min = min, Max = max, Mean = mean, M2 = m2 });
        }

        return finished.ToArray();
    }

    private static ChannelStatistics Merge(ChannelStatistics first, ChannelStatistics second)
    {
        if (first.Count == 0 || second.Count == 0)
        {
            return first.Count == 0 ? second : first;
        }

        var (mean, m2) = NumberSummary.Merge(first.Count, first.Mean, first.M2, second.Count, second.Mean, second.M2);
        return new ChannelStatistics
        {
            Count = first.Count + second.Count,
            Min = Math.Min(first.Min, second.Min),
            Max = Math.Max(first.Max, second.Max),
            Mean = mean,
            M2 = m2,
        };
    }
}
