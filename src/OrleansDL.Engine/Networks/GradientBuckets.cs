namespace OrleansDL.Networks;

/// <summary>Before which blocks backward says how far the gradients are made: as often as enough of them have come together for an exchange.</summary>
internal static class GradientBuckets
{
    /// <summary>Bytes of a bucket, or more: less would pay a round through all ranks for little.</summary>
    private const long Least = 1 << 20;

    /// <param name="starts">By block, how many parameters those before it learn.</param>
    /// <param name="learnt">The parameters in the blocks' order, frozen ones among them.</param>
    /// <param name="trained">Number of values that are not frozen; they lie before the frozen ones.</param>
    /// <returns>By block, from where on the gradients are made when backward has come to its input; 0: nothing is said there.</returns>
    public static long[] Plan(IReadOnlyList<int> starts, IReadOnlyList<Parameter> learnt, long trained)
    {
        var marks = new long[starts.Count];
        var (begun, from, parameter) = (trained, trained, learnt.Count);
        for (var block = starts.Count - 1; block > 0; block--)
        {
            while (parameter > starts[block])
            {
                parameter--;
                from = learnt[parameter].IsFrozen ? from : learnt[parameter].Offset;
            }

            if ((begun - from) * sizeof(float) >= Least && from > 0)
            {
                (marks[block], begun) = (from, from);
            }
        }

        return marks;
    }
}
