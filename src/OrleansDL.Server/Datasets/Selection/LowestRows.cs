namespace OrleansDL.Datasets.Selection;

/// <summary>Keeps the rows with the lowest numbers, so many at most; of equal ones those that came first.</summary>
internal sealed class LowestRows(long maximum)
{
    // The greatest number leaves first, and of equal ones the last that came.
    private readonly PriorityQueue<(int File, long Row, int Label), (ulong, long)> _kept = new(Comparer<(ulong Number, long Arrival)>.Create((x, y) => y.CompareTo(x)));
    private long _arrivals;

    public void Offer(ulong number, int file, long row, int label)
    {
        var rank = (number, _arrivals++);
        if (_kept.Count < maximum)
        {
            _kept.Enqueue((file, row, label), rank);
        }
        else
        {
            _kept.EnqueueDequeue((file, row, label), rank);
        }
    }

    public IEnumerable<(int File, long Row, int Label)> Rows => _kept.UnorderedItems.Select(item => item.Element);
}
