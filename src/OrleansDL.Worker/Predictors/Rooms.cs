using System.Numerics;

namespace OrleansDL.Predictors;

/// <summary>Rooms for the tensors of calls, lent to one at a time and kept for the next.</summary>
internal sealed class Rooms(string folder) : IDisposable
{
    private const long Smallest = 64 * 1024;
    private const long Greatest = 1L << 30;
    private const int MaximumKept = 16;
    private const long MaximumKeptBytes = 256L << 20;

    private readonly Lock _gate = new();
    private readonly List<RoomFile> _free = [];
    private long _kept;
    private long _last;
    private bool _isClosed;

    /// <summary>A room of at least so many bytes; null where memory for files is short, or so much is never lent: then the message itself carries the tensors.</summary>
    public RoomFile? Rent(long bytes)
    {
        if (bytes > Greatest)
        {
            return null;
        }

        var size = (long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(bytes, Smallest));
        lock (_gate)
        {
            var index = _free.FindIndex(room => room.Size == size);
            if (index >= 0)
            {
                var room = _free[index];
                _free.RemoveAt(index);
                _kept -= room.Size;
                return room;
            }
        }

        try
        {
            return new RoomFile(folder, Interlocked.Increment(ref _last), size);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Takes a room back.</summary>
    /// <returns>A room that is kept no longer, for its user to forget: disposed already. Null: none.</returns>
    public RoomFile? Return(RoomFile room)
    {
        lock (_gate)
        {
            if (!_isClosed && _free.Count < MaximumKept && _kept + room.Size <= MaximumKeptBytes)
            {
                _free.Add(room);
                _kept += room.Size;
                return null;
            }
        }

        room.Dispose();
        return room;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            _free.ForEach(room => room.Dispose());
            _free.Clear();
        }
    }
}
