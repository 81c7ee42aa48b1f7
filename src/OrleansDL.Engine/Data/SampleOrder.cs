namespace OrleansDL.Data;

/// <summary>The order of the training rows: a function of dataset content, seed and epoch, and of nothing else.</summary>
internal static class SampleOrder
{
    public static long[] Of(BlobId content, long seed, int epoch, int rows)
    {
        var random = Xoshiro.From($"{content}/{seed}/{epoch}");
        var order = new long[rows];
        for (var row = 0; row < rows; row++)
        {
            order[row] = row;
        }

        for (var last = rows - 1; last > 0; last--)
        {
            var other = (int)random.Next((ulong)last + 1);
            (order[last], order[other]) = (order[other], order[last]);
        }

        return order;
    }
}
