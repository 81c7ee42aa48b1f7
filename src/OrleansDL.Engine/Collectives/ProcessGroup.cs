using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;

namespace OrleansDL.Collectives;

/// <summary>The ranks of one attempt of a run, connected in a ring. When one is lost, all of them hear of it, and whoever waits for the others throws.</summary>
internal sealed class ProcessGroup : IDisposable
{
    private readonly Watch? _watch;
    private readonly Socket[] _sockets;
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _told = new();
    private Action<string>? _tell;
    private string? _reason;
    private bool _left;

    private ProcessGroup(GroupOptions options, Socket[] next, Socket[] before)
    {
        (Rank, Size, _sockets) = (options.Rank, options.Size, [.. next, .. before]);
        Gradients = Over(Channel.Gradients, next, before);
        Values = Over(Channel.Values, next, before);
        if (Size > 1)
        {
            _watch = new Watch(options, next[(int)Channel.Control], before[(int)Channel.Control], Break);
            _watch.Start();
        }
    }

    /// <summary>This rank, from 0.</summary>
    public int Rank { get; }

    /// <summary>Number of ranks.</summary>
    public int Size { get; }

    /// <summary>For gradients, on whichever one thread exchanges them.</summary>
    public Ring Gradients { get; }

    /// <summary>For the training thread.</summary>
    public Ring Values { get; }

    /// <summary>Meets the other ranks and connects with the neighbours.</summary>
    /// <exception cref="GroupLostException">They did not come together.</exception>
    public static ProcessGroup Form(GroupOptions options, IRendezvous rendezvous, TimeProvider time)
    {
        if (options.Size == 1)
        {
            return new ProcessGroup(options, [], []);
        }

        using var meeting = new Meeting(options);
        var (next, before) = meeting.Connect(rendezvous.Meet(options.Rank, meeting.Address), time);
        return new ProcessGroup(options, next, before);
    }

    /// <summary>Gives up, and tells the others why.</summary>
    public void Abort(string reason) => Break(reason);

    /// <summary>Has <paramref name="tell"/> called once with the reason when the group is broken, or at once if it is already.</summary>
    public void OnBroken(Action<string> tell)
    {
        lock (_lock)
        {
            if (_reason is null)
            {
                _tell += tell;
                return;
            }
        }

        tell(_reason);
    }

    /// <exception cref="GroupLostException">The group is broken.</exception>
    public void RequireWhole()
    {
        lock (_lock)
        {
            if (_reason is { } reason)
            {
                throw new GroupLostException(reason);
            }
        }
    }

    /// <summary>Leaves. To leave in order, all ranks pass a barrier first: one that leaves is missed by those that still need it.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_left)
            {
                return;
            }

            _left = true;
        }

        _watch?.Leave();
        Gradients.Dispose();
        Values.Dispose();
        _watch?.Dispose();
        foreach (var socket in _sockets)
        {
            socket.Dispose();
        }

        _told.Dispose();
    }

    private Ring Over(Channel channel, Socket[] next, Socket[] before) =>
        new(Rank, Size, next.ElementAtOrDefault((int)channel), before.ElementAtOrDefault((int)channel), Lose);

    /// <summary>A connection broke. Whoever broke it has usually said why, on another one.</summary>
    [DoesNotReturn]
    private void Lose(string seen)
    {
        _told.Wait(Watch.Hearsay);
        Break(seen);
        lock (_lock)
        {
            throw new GroupLostException(_reason!);
        }
    }

    private void Break(string reason)
    {
        lock (_lock)
        {
            if (_reason is not null || _left)
            {
                _reason ??= reason;
                return;
            }

            _reason = reason;
        }

        // The reason goes first, so that the others hear it and not only that a connection broke.
        _watch?.Tell(reason);
        foreach (var socket in _sockets)
        {
            Close(socket);
        }

        _told.Set();
        _tell?.Invoke(reason);
    }

    /// <summary>Wakes whoever waits for it. The handle stays until nobody uses it.</summary>
    private static void Close(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }
    }
}
