using System.Buffers.Binary;
using System.Net.Sockets;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansDL.Collectives;

/// <summary>
/// Collective operations over one channel of a ring: each rank sends to the next and receives from the one before, at the same time.
/// One thread uses it, and every rank calls the same operations in the same order.
/// </summary>
/// <remarks>
/// A sum is a reduce-scatter and an all-gather: each of N segments goes round once gathering the summands and once spreading the sum. What is sent
/// is what was received one turn before, so the whole is one stream out and one stream in, and a byte may leave as soon as its summand has come: no
/// step waits for the one before to end. A segment's summands are added in the order of the ranks from the segment's own on, wherever that happens, and
/// its sum is made once: all ranks hold the same bits, and so do all repetitions. Few values go round as they are, half as many turns, and every rank
/// adds them up by itself, in the order of the ranks.
/// </remarks>
internal sealed unsafe class Ring : IDisposable
{
    private const int Piece = 256 << 10;
    private const int HeaderBytes = 16;

    /// <summary>So many of the first bytes leave together with the header: what is small is one packet.</summary>
    private const int LeadBytes = 4 << 10;

    /// <summary>Sums of so many bytes, those of all ranks together, wait for packets and not for bytes.</summary>
    private const int SmallBytes = 64 << 10;

    private readonly Socket _next;
    private readonly Socket _before;
    private readonly Action<string> _lost;
    private readonly byte[] _scratch = GC.AllocateUninitializedArray<byte>(Piece, pinned: true);
    private byte[]? _small;
    private int _sequence;

    /// <param name="rank">This rank.</param>
    /// <param name="size">Number of ranks.</param>
    /// <param name="next">Connection to the next rank; null in a group of one.</param>
    /// <param name="before">Connection from the rank before; null in a group of one.</param>
    /// <param name="lost">Told why the ring broke; throws.</param>
    public Ring(int rank, int size, Socket? next, Socket? before, Action<string> lost) =>
        (Rank, Size, _next, _before, _lost) = (rank, size, next!, before!, lost);

    public int Rank { get; }

    public int Size { get; }

    /// <summary>Bytes this rank has sent.</summary>
    public long Sent { get; private set; }

    /// <summary>Adds up the values of all ranks, place by place; each rank ends with the sums.</summary>
    /// <exception cref="GroupLostException">A rank was lost.</exception>
    public void Sum<T>(Span<T> values)
        where T : unmanaged, IAdditionOperators<T, T, T>, IAdditiveIdentity<T, T>
    {
        if ((long)values.Length * sizeof(T) * Size <= SmallBytes)
        {
            SumSmall(values);
            return;
        }

        Span<(long, long)> turns = stackalloc (long, long)[Turns];
        for (var turn = 0; turn < turns.Length; turn++)
        {
            var segment = Wrapped(Rank - turn);
            var start = (long)values.Length * segment / Size;
            turns[turn] = (start * sizeof(T), ((long)values.Length * (segment + 1) / Size * sizeof(T)) - (start * sizeof(T)));
        }

        fixed (T* start = values)
        {
            Stream<T>(Operation.Sum, (byte*)start, (long)values.Length * sizeof(T), turns[..^1], turns[1..], Size - 1, turns[0].Item2);
        }
    }

    /// <summary>Gives every rank the bytes of <paramref name="root"/>.</summary>
    /// <exception cref="GroupLostException">A rank was lost.</exception>
    public void Broadcast(Span<byte> bytes, int root)
    {
        Span<(long, long)> all = [(0, bytes.Length)];
        Span<(long, long)> nothing = [(0, 0)];
        var place = Wrapped(Rank - root);
        fixed (byte* start = bytes)
        {
            Stream<byte>(
                Operation.Broadcast, start, bytes.Length, place == Size - 1 ? nothing : all, place == 0 ? nothing : all, 0, place == 0 ? bytes.Length : 0);
        }
    }

    /// <summary>Lays the equally long <paramref name="own"/> of every rank side by side.</summary>
    /// <returns>Size times as many bytes, by rank.</returns>
    /// <exception cref="GroupLostException">A rank was lost.</exception>
    public byte[] Gather(ReadOnlySpan<byte> own)
    {
        var all = new byte[own.Length * Size];
        Gather(Operation.Gather, own, all);
        return all;
    }

    /// <summary>Waits until every rank is here.</summary>
    /// <exception cref="GroupLostException">A rank was lost.</exception>
    public void Barrier()
    {
        Span<int> here = [1];
        Sum(here);
    }

    public void Dispose()
    {
        _next?.Dispose();
        _before?.Dispose();
    }

    /// <summary>Segments a rank sends and receives one after the other, the first sent and the last received among them.</summary>
    private int Turns => Math.Max((2 * (Size - 1)) + 1, 1);

    private int Wrapped(int rank) => ((rank % Size) + Size) % Size;

    private void Gather(Operation operation, ReadOnlySpan<byte> own, Span<byte> all)
    {
        own.CopyTo(all[(own.Length * Rank)..]);
        Span<(long, long)> turns = stackalloc (long, long)[Size];
        for (var turn = 0; turn < Size; turn++)
        {
            turns[turn] = ((long)Wrapped(Rank - turn) * own.Length, own.Length);
        }

        fixed (byte* start = all)
        {
            Stream<byte>(operation, start, own.Length, turns[..^1], turns[1..], 0, own.Length);
        }
    }

    private void SumSmall<T>(Span<T> values)
        where T : unmanaged, IAdditionOperators<T, T, T>, IAdditiveIdentity<T, T>
    {
        if (Size == 1)
        {
            return;
        }

        var own = MemoryMarshal.AsBytes(values);
        var all = (_small ??= GC.AllocateUninitializedArray<byte>(SmallBytes)).AsSpan(0, own.Length * Size);
        Gather(Operation.Sum, own, all);
        var summands = MemoryMarshal.Cast<byte, T>(all);
        summands[..values.Length].CopyTo(values);
        for (var rank = 1; rank < Size; rank++)
        {
            TensorPrimitives.Add(values, summands.Slice(rank * values.Length, values.Length), values);
        }
    }

    /// <param name="operation">What the others must be doing too.</param>
    /// <param name="data">The values.</param>
    /// <param name="length">Bytes of them, of each rank's own where they are gathered.</param>
    /// <param name="outgoing">Parts (start, bytes) in the order in which they are sent.</param>
    /// <param name="incoming">Parts in the order in which they are received.</param>
    /// <param name="sums">The first so many incoming parts are added to what is there, the others replace it.</param>
    /// <param name="free">Bytes that may leave at once; each further one when one has come in.</param>
    private void Stream<T>(
        Operation operation, byte* data, long length, ReadOnlySpan<(long Start, long Bytes)> outgoing, ReadOnlySpan<(long Start, long Bytes)> incoming, int sums, long free)
        where T : unmanaged, IAdditionOperators<T, T, T>, IAdditiveIdentity<T, T>
    {
        if (Size == 1)
        {
            return;
        }

        // The header goes ahead of the values and is not waited for: ranks are compared when it comes in, before a value is touched.
        var lead = (int)Math.Min(Math.Min(free, outgoing[0].Bytes), LeadBytes);
        Span<byte> head = stackalloc byte[HeaderBytes + LeadBytes];
        head = head[..(HeaderBytes + lead)];
        Span<byte> theirs = stackalloc byte[HeaderBytes];
        BinaryPrimitives.WriteInt32BigEndian(head, (int)operation);
        BinaryPrimitives.WriteInt32BigEndian(head[4..], ++_sequence);
        BinaryPrimitives.WriteInt64BigEndian(head[8..], length);
        new ReadOnlySpan<byte>(data + outgoing[0].Start, lead).CopyTo(head[HeaderBytes..]);
        free -= lead;
        var (headSent, headHeard) = (0, 0);
        var (outPart, outDone, inPart, inDone, held) = (0, (long)lead, 0, 0L, 0);
        while (true)
        {
            while (outPart < outgoing.Length && outDone == outgoing[outPart].Bytes)
            {
                (outPart, outDone) = (outPart + 1, 0);
            }

            while (inPart < incoming.Length && inDone == incoming[inPart].Bytes)
            {
                (inPart, inDone) = (inPart + 1, 0);
            }

            var (heard, said) = (headHeard == HeaderBytes, headSent == head.Length);
            var (reads, writes) = (!heard || inPart < incoming.Length, !said || (outPart < outgoing.Length && free > 0));
            if (!reads && said && outPart == outgoing.Length)
            {
                return;
            }

            var moved = false;
            if (!said)
            {
                var count = Send(head[headSent..]);
                (headSent, moved) = (headSent + count, count > 0);
            }
            else if (writes)
            {
                var (start, bytes) = outgoing[outPart];
                var count = Send(new ReadOnlySpan<byte>(data + start + outDone, (int)Math.Min(Math.Min(Piece, free), bytes - outDone)));
                (outDone, free, moved) = (outDone + count, free - count, count > 0);
            }

            if (!heard)
            {
                var count = Receive(theirs[headHeard..]);
                (headHeard, moved) = (headHeard + count, moved || count > 0);
                if (headHeard == HeaderBytes && !theirs.SequenceEqual(head[..HeaderBytes]))
                {
                    _lost($"Ranks are not at the same place: rank {Rank} is at {Text(head)}, rank {Wrapped(Rank - 1)} at {Text(theirs)}.");
                }
            }
            else if (reads)
            {
                var (start, bytes) = incoming[inPart];
                var target = data + start + inDone;
                if (inPart < sums)
                {
                    var count = Receive(_scratch.AsSpan(held, (int)Math.Min(Piece - held, bytes - inDone - held)));
                    held += count;
                    var whole = held / sizeof(T);
                    Add<T>(target, whole);
                    var used = whole * sizeof(T);
                    _scratch.AsSpan(used, held - used).CopyTo(_scratch);
                    (held, inDone, free, moved) = (held - used, inDone + used, free + used, moved || count > 0);
                }
                else
                {
                    var count = Receive(new Span<byte>(target, (int)Math.Min(Piece, bytes - inDone)));
                    (inDone, free, moved) = (inDone + count, free + count, moved || count > 0);
                }
            }

            if (!moved)
            {
                Polling.Wait(reads ? _before : null, writes ? _next : null);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Add<T>(byte* target, int count)
        where T : unmanaged, IAdditionOperators<T, T, T>, IAdditiveIdentity<T, T>
    {
        fixed (byte* scratch = _scratch)
        {
            var sums = new Span<T>(target, count);
            TensorPrimitives.Add(new ReadOnlySpan<T>(scratch, count), sums, sums);
        }
    }

    private static string Text(ReadOnlySpan<byte> header) =>
        $"{(Operation)BinaryPrimitives.ReadInt32BigEndian(header)} {BinaryPrimitives.ReadInt32BigEndian(header[4..])} of {BinaryPrimitives.ReadInt64BigEndian(header[8..])} bytes";

    /// <summary>Sends what the connection takes now, perhaps nothing.</summary>
    private int Send(ReadOnlySpan<byte> bytes)
    {
        var count = _next.Send(bytes, SocketFlags.None, out var error);
        if (error is not (SocketError.Success or SocketError.WouldBlock))
        {
            _lost($"Rank {Wrapped(Rank + 1)} was lost: {new SocketException((int)error).Message}.");
        }

        count = error is SocketError.Success ? count : 0;
        Sent += count;
        return count;
    }

    /// <summary>Receives what is there now, perhaps nothing.</summary>
    private int Receive(Span<byte> bytes)
    {
        var count = _before.Receive(bytes, SocketFlags.None, out var error);
        if (error is SocketError.WouldBlock)
        {
            return 0;
        }

        if (error is not SocketError.Success || count == 0)
        {
            _lost($"Rank {Wrapped(Rank - 1)} was lost: {(error is SocketError.Success ? "it closed the connection" : new SocketException((int)error).Message)}.");
        }

        return count;
    }
}
