using System.Net.Sockets;
using System.Text;

namespace OrleansDL.Collectives;

/// <summary>The rank at the other end of a control connection.</summary>
internal sealed class Neighbour(int rank, Socket socket)
{
    private readonly byte[] _bytes = new byte[1024];
    private readonly List<byte> _reason = [];
    private readonly Lock _saying = new();
    private bool _givingUp;

    public int Rank { get; } = rank;

    public Socket Socket { get; } = socket;

    /// <summary>When it last gave a sign of life.</summary>
    public long Heard { get; set; }

    /// <summary>Whether it left in order.</summary>
    public bool HasLeft { get; private set; }

    /// <summary>Takes what it said.</summary>
    /// <returns>Why the group is broken, or null.</returns>
    public string? Hear(long now)
    {
        try
        {
            while (true)
            {
                var count = Socket.Receive(_bytes, SocketFlags.None, out var error);
                if (error is SocketError.WouldBlock)
                {
                    return null;
                }

                if (error is not SocketError.Success || count == 0)
                {
                    return $"Rank {Rank} was lost: {(error is SocketError.Success ? "it closed the connection" : new SocketException((int)error).Message)}.";
                }

                Heard = now;
                if (Take(_bytes.AsSpan(0, count)) is { } reason)
                {
                    return reason;
                }

                if (HasLeft)
                {
                    return null;
                }
            }
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>Says what fits at once: a neighbour that hears nothing is not waited for.</summary>
    public void Say(ReadOnlySpan<byte> bytes)
    {
        try
        {
            lock (_saying)
            {
                Socket.Send(bytes, SocketFlags.None, out _);
            }
        }
        catch (ObjectDisposedException)
        {
            // This rank has left meanwhile.
        }
    }

    private string? Take(ReadOnlySpan<byte> said)
    {
        foreach (var symbol in said)
        {
            if (_givingUp && symbol == 0)
            {
                return Encoding.UTF8.GetString([.. _reason]);
            }

            if (_givingUp)
            {
                _reason.Add(symbol);
            }
            else if (symbol == (byte)'a')
            {
                _givingUp = true;
            }
            else if (symbol == (byte)'l')
            {
                HasLeft = true;
            }
        }

        return null;
    }
}
