namespace OrleansDL.Datasets.Formats;

/// <summary>Makes a <see cref="RowIndex"/> while rows go by. However long the file, it stays below 64Ki points: it thins itself out.</summary>
internal sealed class RowIndexBuilder
{
    private const int MaximumPoints = 1 << 16;

    private readonly List<RowPoint> _points = [];
    private long _next = RowIndex.Spacing;
    private long _spacing = RowIndex.Spacing;

    /// <summary>Says that a row begins (perhaps after empty lines) at a byte of the file.</summary>
    public void At(long row, long offset)
    {
        if (offset >= _next)
        {
            Add(new RowPoint(row, offset));
        }
    }

    public RowIndex Finish() => new(_points);

    private void Add(RowPoint point)
    {
        _points.Add(point);
        if (_points.Count == MaximumPoints)
        {
            var kept = 0;
            for (var i = 1; i < _points.Count; i += 2)
            {
                _points[kept++] = _points[i];
            }

            _points.RemoveRange(kept, _points.Count - kept);
            _spacing *= 2;
        }

        _next = point.Offset + _spacing;
    }
}
