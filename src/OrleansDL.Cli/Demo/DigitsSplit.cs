namespace OrleansDL.Demo;

/// <summary>The digits in three parts with every digit's share in each: 20% to judge by, 15% and 65% to train on.</summary>
internal sealed record DigitsSplit(IReadOnlyList<Digit> Golden, IReadOnlyList<Digit> First, IReadOnlyList<Digit> Second)
{
    private const double GoldenShare = 0.20;
    private const double FirstShare = 0.15;

    /// <summary>Rows to train on that are also rows to judge by. There must be none.</summary>
    public int Shared
    {
        get
        {
            var golden = Golden.Select(d => d.Hash).ToHashSet(StringComparer.Ordinal);
            return First.Concat(Second).Count(d => golden.Contains(d.Hash));
        }
    }

    public static DigitsSplit Of(IReadOnlyList<Digit> digits, ulong seed)
    {
        List<Digit> golden = [], first = [], second = [];
        foreach (var label in digits.GroupBy(d => d.Label, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            // Equal rows move together, so that no part holds a copy of another part's row.
            var groups = label.GroupBy(d => d.Hash, StringComparer.Ordinal).Select(g => g.ToArray()).ToArray();
            Shuffle(groups, ref seed);
            var (toGolden, toFirst) = ((int)Math.Round(GoldenShare * label.Count()), (int)Math.Round((GoldenShare + FirstShare) * label.Count()));
            var taken = 0;
            foreach (var group in groups)
            {
                var part = taken < toGolden ? golden : taken < toFirst ? first : second;
                part.AddRange(group);
                taken += group.Length;
            }
        }

        return new DigitsSplit(Mixed(golden, ref seed), Mixed(first, ref seed), Mixed(second, ref seed));
    }

    private static Digit[] Mixed(List<Digit> part, ref ulong seed)
    {
        Digit[] mixed = [.. part];
        Shuffle(mixed, ref seed);
        return mixed;
    }

    private static void Shuffle<T>(T[] items, ref ulong state)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = (int)(Next(ref state) % (ulong)(i + 1));
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>SplitMix64: the same split on every machine and every version of .NET.</summary>
    private static ulong Next(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
