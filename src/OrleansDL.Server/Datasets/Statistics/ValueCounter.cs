using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace OrleansDL.Datasets.Statistics;

/// <summary>Counts how often each text stands in a column, until there are too many different ones. A text seen before costs no allocation.</summary>
internal sealed class ValueCounter
{
    // A column of longer texts is no label.
    private const int MaximumText = 256;

    // Small at first: tables may have thousands of columns, and most of them few values.
    private Slot[]? _slots = new Slot[16];
    private int _count;

    public bool Overflowed => _slots is null;

    public void Add(ReadOnlySpan<byte> text)
    {
        if (_slots is not { } slots)
        {
            return;
        }

        if (text.Length > MaximumText)
        {
            _slots = null;
            return;
        }

        var hash = Hash(text);
        for (var i = Home(hash, slots.Length); ; i = (i + 1) & (slots.Length - 1))
        {
            ref var slot = ref slots[i];
            if (slot.Count == 0)
            {
                if (_count == ColumnStatistics.MaximumValues)
                {
                    _slots = null;
                    return;
                }

                slot = new Slot { Hash = hash, Text = text.ToArray(), Count = 1 };
                if (++_count * 2 > slots.Length)
                {
                    Grow(slots);
                }

                return;
            }

            // Texts of up to 7 bytes are their own hash: equal hashes are equal texts.
            if (slot.Hash == hash && (text.Length <= 7 ? slot.Text.Length == text.Length : text.SequenceEqual(slot.Text)))
            {
                slot.Count++;
                return;
            }
        }
    }

    /// <summary>The counts by canonical text; null when there were too many.</summary>
    public Dictionary<string, long>? ToCounts(Func<string, string> canonical)
    {
        if (_slots is not { } slots)
        {
            return null;
        }

        var counts = new Dictionary<string, long>(_count, StringComparer.Ordinal);
        foreach (var slot in slots)
        {
            if (slot.Count > 0)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(counts, canonical(Encoding.UTF8.GetString(slot.Text)), out _) += slot.Count;
            }
        }

        return counts;
    }

    private void Grow(Slot[] slots)
    {
        _slots = new Slot[slots.Length * 2];
        foreach (var slot in slots)
        {
            if (slot.Count > 0)
            {
                var i = Home(slot.Hash, _slots.Length);
                while (_slots[i].Count > 0)
                {
                    i = (i + 1) & (_slots.Length - 1);
                }

                _slots[i] = slot;
            }
        }
    }

    // The upper half of the hash is the better mixed one; capacities are powers of two below 2^32.
    private static int Home(ulong hash, int capacity) => (int)((hash >> 32) & (ulong)(capacity - 1));

    private static ulong Hash(ReadOnlySpan<byte> text)
    {
        const ulong Odd = 0x9E3779B97F4A7C15;
        if (text.Length <= 7)
        {
            ulong packed = (ulong)text.Length;
            foreach (var value in text)
            {
                packed = (packed << 8) | value;
            }

            // Multiplying by an odd number keeps different texts different.
            return packed * Odd;
        }

        var hash = (ulong)text.Length * Odd;
        while (text.Length >= 8)
        {
            hash = BitOperations.RotateLeft((hash ^ MemoryMarshal.Read<ulong>(text)) * Odd, 29);
            text = text[8..];
        }

        foreach (var value in text)
        {
            hash = BitOperations.RotateLeft((hash ^ value) * Odd, 29);
        }

        return hash * Odd;
    }

    private struct Slot
    {
        public ulong Hash;
        public byte[] Text;
        public long Count;
    }
}
