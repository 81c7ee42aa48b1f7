using System.Numerics;
using System.Runtime.InteropServices;

namespace OrleansDL.Datasets.Statistics;

/// <summary>Counts how often each text stands in a column: exactly up to 1000 different ones, then the frequent ones only (Misra and Gries 1982). Nothing is allocated per value.</summary>
internal sealed class ValueCounter
{
    /// <summary>Longer texts are no label; they are counted by nobody.</summary>
    public const int MaximumText = 256;

    /// <summary>Frequent texts kept: the count of each is short by rows / 1024 at most.</summary>
    public const int Kept = 1024;

    // Three quarters of 4096 slots are filled before the least frequent are dropped: the dropping costs little per value.
    private const int FrequentSlots = 4096;
    private const int FrequentFull = 3072;

    // Small at first: tables may have thousands of columns, and most of them few values.
    private Slot[] _slots = new Slot[16];
    private byte[] _texts = [];
    private Slot[] _spareSlots = [];
    private byte[] _spareTexts = [];
    private int _textsEnd;
    private int _count;
    private State _state;

    private enum State
    {
        Exact,
        Frequent,
        Off,
    }

    /// <summary>Whether every value has been counted so far.</summary>
    public bool IsExact => _state == State.Exact;

    /// <summary>By how much the count of a text may be too low.</summary>
    public long Error { get; private set; }

    /// <summary>Counts a text. False when it is one too many for exact counts: the caller then decides how to go on, and adds it again.</summary>
    public bool TryAdd(ReadOnlySpan<byte> text)
    {
        if (_state == State.Off)
        {
            return true;
        }

        if (text.Length > MaximumText)
        {
            return _state != State.Exact;
        }

        var hash = Hash(text);
        var slots = _slots;
        for (var i = Home(hash, slots.Length); ; i = (i + 1) & (slots.Length - 1))
        {
            ref var slot = ref slots[i];
            if (slot.Count == 0)
            {
                if (_state == State.Exact && _count == ColumnStatistics.MaximumValues)
                {
                    return false;
                }

                slot = new Slot { Hash = hash, Count = 1, Start = Keep(text), Length = text.Length };
                _count++;
                Settle();
                return true;
            }

            // Texts of up to 7 bytes are their own hash: equal hashes are equal texts.
            if (slot.Hash == hash && slot.Length == text.Length && (text.Length <= 7 || text.SequenceEqual(Text(slot))))
            {
                slot.Count++;
                return true;
            }
        }
    }

    /// <summary>From now on only frequent texts are counted.</summary>
    public void CountFrequent()
    {
        _state = State.Frequent;
        Rebuild(FrequentSlots, 0);
    }

    /// <summary>From now on nothing is counted.</summary>
    public void Stop() => (_state, _slots, _texts, _spareSlots, _spareTexts, _count) = (State.Off, [], [], [], [], 0);

    /// <summary>The texts that are counted, in no order, each with its count.</summary>
    public void ForEach(TextCount each)
    {
        foreach (var slot in _slots)
        {
            if (slot.Count > 0)
            {
                each(Text(slot), slot.Count);
            }
        }
    }

    /// <summary>Drops the least frequent texts, so that <see cref="Kept"/> stay at most.</summary>
    public void Trim()
    {
        if (_count > Kept)
        {
            var cut = Cut();
            Error += cut;
            Rebuild(FrequentSlots, cut);
        }
    }

    private void Settle()
    {
        if (_state == State.Exact)
        {
            if (_count * 2 > _slots.Length)
            {
                Rebuild(_slots.Length * 2, 0);
            }
        }
        else if (_count == FrequentFull)
        {
            Trim();
        }
    }

    // The greatest number that can be taken from more than Kept counts: as each time so many lose it, all that is lost stays below rows / Kept.
    private long Cut()
    {
        Span<int> small = stackalloc int[64];
        small.Clear();
        var large = 0;
        foreach (var slot in _slots)
        {
            if (slot.Count is > 0 and < 64)
            {
                small[(int)slot.Count]++;
            }
            else if (slot.Count > 0)
            {
                large++;
            }
        }

        for (var count = 63; large <= Kept && count > 0; count--)
        {
            large += small[count];
            if (large > Kept)
            {
                return count;
            }
        }

        var counts = _slots.Select(slot => slot.Count).ToArray();
        Array.Sort(counts);
        return counts[^(Kept + 1)];
    }

    private void Rebuild(int capacity, long cut)
    {
        // Two sets of arrays take turns, so that a column of ever new values allocates nothing.
        var (slots, texts) = (_slots, _texts);
        if (_spareSlots.Length == capacity)
        {
            Array.Clear(_spareSlots);
        }
        else
        {
            _spareSlots = new Slot[capacity];
        }

        (_slots, _spareSlots) = (_spareSlots, slots);
        (_texts, _spareTexts) = (_spareTexts, texts);
        _textsEnd = 0;
        _count = 0;
        foreach (var slot in slots)
        {
            if (slot.Count <= cut)
            {
                continue;
            }

            var i = Home(slot.Hash, capacity);
            while (_slots[i].Count > 0)
            {
                i = (i + 1) & (capacity - 1);
            }

            _slots[i] = slot with { Count = slot.Count - cut, Start = Keep(texts.AsSpan(slot.Start, slot.Length)) };
            _count++;
        }
    }

    private ReadOnlySpan<byte> Text(in Slot slot) => _texts.AsSpan(slot.Start, slot.Length);

    private int Keep(ReadOnlySpan<byte> text)
    {
        if (_textsEnd + text.Length > _texts.Length)
        {
            Array.Resize(ref _texts, Math.Max(64, (_textsEnd + text.Length) * 2));
        }

        text.CopyTo(_texts.AsSpan(_textsEnd));
        _textsEnd += text.Length;
        return _textsEnd - text.Length;
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

    /// <summary>Takes a text and its count.</summary>
    public delegate void TextCount(ReadOnlySpan<byte> text, long count);

    private struct Slot
    {
        public ulong Hash;
        public long Count;
        public int Start;
        public int Length;
    }
}
