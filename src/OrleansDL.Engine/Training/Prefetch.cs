using System.Runtime.ExceptionServices;
using OrleansDL.Collectives;
using OrleansDL.Data;

namespace OrleansDL.Training;

/// <summary>Reads, decodes and encodes batches on threads of its own, ahead of who takes them. Which thread made a batch does not show in it.</summary>
internal sealed class Prefetch : IDisposable
{
    /// <summary>Rows that the processor may fetch while the one before them is encoded.</summary>
    private const int Ahead = 2;

    private readonly SampleRows _rows;
    private readonly SampleOrder? _order;
    private readonly BatchSlot[] _slots;
    private readonly Augmentation? _augmentation;
    private readonly int _size;
    private readonly int _end;
    private readonly RankShare _share;
    private readonly Lock _lock = new();
    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _free;
    private readonly SemaphoreSlim[] _ready;
    private volatile bool _stopped;
    private Exception? _error;
    private int _claimed;
    private int _taken;

    /// <param name="rows">The rows.</param>
    /// <param name="order">Their order; null: as they come.</param>
    /// <param name="slots">Where batches are made; more than <paramref name="threads"/>.</param>
    /// <param name="size">Rows of a batch.</param>
    /// <param name="first">Number of the first batch.</param>
    /// <param name="end">Number of the batch after the last.</param>
    /// <param name="threads">Threads that read.</param>
    /// <param name="augmentation">How rows are changed; null: not at all.</param>
    /// <param name="share">Which rows of each batch are made; null: all.</param>
    public Prefetch(SampleRows rows, SampleOrder? order, BatchSlot[] slots, int size, int first, int end, int threads, Augmentation? augmentation = null, RankShare? share = null)
    {
        _share = share ?? RankShare.Whole;
        _augmentation = augmentation;
        (_rows, _order, _slots, _size, _end, _claimed, _taken) = (rows, order, slots, size, end, first, first - 1);
        _free = new SemaphoreSlim(slots.Length);
        _ready = [.. slots.Select(_ => new SemaphoreSlim(0))];
        _threads = [.. Enumerable.Range(0, threads).Select(number => new Thread(Work) { IsBackground = true, Name = $"read ahead {number}" })];
        foreach (var thread in _threads)
        {
            thread.Start();
        }
    }

    /// <summary>The next batch; the one before it may be written over from now on.</summary>
    public BatchSlot Next()
    {
        if (_taken >= 0 && _slots[_taken % _slots.Length].Batch == _taken)
        {
            _slots[_taken % _slots.Length].Batch = -1;
            _free.Release();
        }

        _taken++;
        _ready[_taken % _slots.Length].Wait();
        if (_error is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }

        return _slots[_taken % _slots.Length];
    }

    public void Dispose()
    {
        _stopped = true;
        _free.Release(_threads.Length);
        foreach (var thread in _threads)
        {
            thread.Join();
        }

        foreach (var slot in _slots)
        {
            slot.Batch = -1;
        }

        _free.Dispose();
        foreach (var ready in _ready)
        {
            ready.Dispose();
        }
    }

    private void Work()
    {
        try
        {
            var (reader, numbers) = (_rows.Open(), new long[_size]);
            var augmenter = _augmentation is null ? null : new BatchAugmenter(_augmentation, _rows, _order!.Epoch);
            while (TryClaim(numbers, out var batch, out var count))
            {
                var slot = _slots[batch % _slots.Length];
                for (var row = 0; row < count; row++)
                {
                    if (row + Ahead < count)
                    {
                        reader.Expect(numbers[row + Ahead]);
                    }

                    reader.Read(numbers[row], slot.Row(row), slot.Target(row));
                }

                numbers.AsSpan(0, count).CopyTo(slot.Samples);
                augmenter?.Change(slot, batch, count);

                slot.Count = count;
                slot.Batch = batch;
                _ready[batch % _slots.Length].Release();
            }
        }
        catch (Exception error)
        {
            Fail(error);
        }
    }

    private bool TryClaim(long[] numbers, out int batch, out int count)
    {
        _free.Wait();
        lock (_lock)
        {
            (batch, count) = (_claimed, 0);
            if (_stopped || batch >= _end)
            {
                return false;
            }

            _claimed++;
            var start = (long)batch * _size;
            (var skipped, count) = _share.Taken((int)Math.Min(_size, _rows.Count - start));
            start += skipped;
            if (_order is not null)
            {
                _order.Fill(start, numbers.AsSpan(0, count));
                return true;
            }

            for (var row = 0; row < count; row++)
            {
                numbers[row] = start + row;
            }

            return true;
        }
    }

    /// <summary>Whoever waits for any batch hears of it.</summary>
    private void Fail(Exception error)
    {
        lock (_lock)
        {
            _error ??= error;
            _stopped = true;
        }

        foreach (var ready in _ready)
        {
            ready.Release();
        }
    }
}
