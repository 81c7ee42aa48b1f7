using System.Net.Sockets;
using System.Text;

namespace OrleansDL.Collectives;

/// <summary>Signs of life between neighbours, on a thread of its own: a rank that dies, freezes or gives up is noticed while all others compute.</summary>
/// <remarks>Bytes on a control connection: <c>b</c> a sign of life; <c>l</c> it leaves in order; <c>a</c>, then UTF-8 up to a zero: it gives up, and why.</remarks>
internal sealed class Watch : IDisposable
{
    /// <summary>How long a broken connection waits for the reason to come on another.</summary>
    public static readonly TimeSpan Hearsay = TimeSpan.FromMilliseconds(250);

    private const byte Beat = (byte)'b';
    private const byte Leaving = (byte)'l';
    private const byte Abort = (byte)'a';
    private const int LongestReason = 1000;
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    private readonly Neighbour[] _neighbours;
    private readonly TimeSpan _silence;
    private readonly Action<string> _lost;
    private readonly Thread _thread;
    private volatile bool _over;

    public Watch(GroupOptions options, Socket next, Socket before, Action<string> lost)
    {
        (_silence, _lost) = (options.Silence, lost);
        _neighbours =
        [
            new Neighbour((options.Rank + 1) % options.Size, next),
            new Neighbour((options.Rank + options.Size - 1) % options.Size, before),
        ];
        _thread = new Thread(Run) { IsBackground = true, Name = "watch ranks", Priority = ThreadPriority.AboveNormal };
    }

    public void Start() => _thread.Start();

    /// <summary>Tells the neighbours why this rank gives up.</summary>
    public void Tell(string reason)
    {
        var text = Encoding.UTF8.GetBytes(reason);
        Say([Abort, .. text.AsSpan(0, Math.Min(text.Length, LongestReason)), 0]);
    }

    /// <summary>Tells the neighbours that this rank leaves in order, and watches them no longer.</summary>
    public void Leave()
    {
        _over = true;
        Say([Leaving]);
    }

    public void Dispose()
    {
        _over = true;
        if (_thread.IsAlive && Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }

    private void Run()
    {
        var time = TimeProvider.System;
        var beaten = time.GetTimestamp();
        foreach (var neighbour in _neighbours)
        {
            neighbour.Heard = beaten;
        }

        while (!_over)
        {
            Polling.WaitToRead(Present(0), Present(1), Every / 2);
            if (_over)
            {
                return;
            }

            var now = time.GetTimestamp();
            foreach (var neighbour in _neighbours.Where(neighbour => !neighbour.HasLeft))
            {
                var lost = neighbour.Hear(now) ?? (time.GetElapsedTime(neighbour.Heard, now) > _silence
                    ? $"Rank {neighbour.Rank} was lost: it has said nothing for {_silence.TotalSeconds:0.0} s."
                    : null);
                if (lost is not null)
                {
                    _over = true;
                    _lost(lost);
                    return;
                }
            }

            if (_neighbours.All(neighbour => neighbour.HasLeft))
            {
                return;
            }

            if (time.GetElapsedTime(beaten, now) >= Every)
            {
                beaten = now;
                Say([Beat]);
            }
        }
    }

    private Socket? Present(int neighbour) => _neighbours[neighbour].HasLeft ? null : _neighbours[neighbour].Socket;

    private void Say(ReadOnlySpan<byte> bytes)
    {
        foreach (var neighbour in _neighbours)
        {
            neighbour.Say(bytes);
        }
    }
}
