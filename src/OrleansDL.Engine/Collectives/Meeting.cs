using System.Net;
using System.Net.Sockets;

namespace OrleansDL.Collectives;

/// <summary>Connects this rank with the one before it and the one after it, on every channel.</summary>
internal sealed class Meeting : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly Channel[] Channels = Enum.GetValues<Channel>();

    private readonly GroupOptions _options;
    private readonly Socket _listener;
    private readonly Lock _lock = new();
    private readonly Socket?[] _before = new Socket?[Channels.Length];
    private readonly CountdownEvent _missing = new(Channels.Length);
    private string? _refused;
    private volatile bool _over;

    public Meeting(GroupOptions options)
    {
        _options = options;
        _listener = new Socket(options.Bind.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(options.Bind, 0));
        _listener.Listen();
        var port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        var host = options.Advertise ?? options.Bind.ToString();
        Address = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";
    }

    /// <summary>Where the others reach this rank.</summary>
    public string Address { get; }

    private int Next => (_options.Rank + 1) % _options.Size;

    private int Before => (_options.Rank + _options.Size - 1) % _options.Size;

    /// <summary>Connections to the next rank and from the one before, by channel.</summary>
    /// <exception cref="GroupLostException">They did not come together in time, or a neighbour refused this rank.</exception>
    public (Socket[] Next, Socket[] Before) Connect(IReadOnlyList<string> addresses, TimeProvider time)
    {
        if (addresses.Count != _options.Size)
        {
            throw new GroupLostException($"The rendezvous told {addresses.Count} addresses to a group of {_options.Size} ranks.");
        }

        var begun = time.GetTimestamp();
        new Thread(Accept) { IsBackground = true, Name = "accept ranks" }.Start();
        var next = new List<Socket>();
        try
        {
            foreach (var channel in Channels)
            {
                next.Add(Reach(addresses[Next], channel, time, begun));
            }

            var left = _options.FormLimit - time.GetElapsedTime(begun);
            if (!_missing.Wait(left > TimeSpan.Zero ? left : TimeSpan.Zero))
            {
                throw new GroupLostException(
                    $"Rank {Before} did not connect to rank {_options.Rank} at {Address} within {_options.FormLimit.TotalSeconds:0} s{(_refused is null ? "" : $"; someone else was refused: {_refused}")}. Can the workers reach each other at the addresses they advertise?");
            }

            lock (_lock)
            {
                _over = true;
                foreach (var socket in next.Concat(_before.Select(socket => socket!)))
                {
                    socket.NoDelay = true;
                    socket.Blocking = false;
                }

                var before = _before.Select(socket => socket!).ToArray();
                Array.Clear(_before);
                return ([.. next], before);
            }
        }
        catch
        {
            next.ForEach(socket => socket.Dispose());
            throw;
        }
    }

    public void Dispose()
    {
        _over = true;
        _listener.Dispose();
        lock (_lock)
        {
            foreach (var socket in _before)
            {
                socket?.Dispose();
            }
        }
    }

    private Socket Reach(string address, Channel channel, TimeProvider time, long begun)
    {
        var colon = address.LastIndexOf(':');
        var (host, port) = (address[..colon].Trim('[', ']'), int.Parse(address[(colon + 1)..], System.Globalization.CultureInfo.InvariantCulture));
        while (true)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Connect(host, port);
                Handshake.Introduce(socket, _options, Next, channel);
                return socket;
            }
            catch (SocketException error) when (time.GetElapsedTime(begun) < _options.FormLimit)
            {
                socket.Dispose();
                RequireHost(error, address);
                _missing.WaitHandle.WaitOne(Look);
            }
            catch (SocketException error)
            {
                socket.Dispose();
                throw new GroupLostException($"Rank {_options.Rank} could not reach rank {Next} at {address} within {_options.FormLimit.TotalSeconds:0} s: {error.Message}. Can the workers reach each other at the addresses they advertise?");
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    /// <summary>A name that does not resolve will not resolve in a moment either.</summary>
    private void RequireHost(SocketException error, string address)
    {
        if (error.SocketErrorCode is SocketError.HostNotFound)
        {
            throw new GroupLostException($"The address {address} that rank {Next} advertises has no such host: {error.Message}.");
        }
    }

    private void Accept()
    {
        while (!_over)
        {
            try
            {
                if (!_listener.Poll(Look, SelectMode.SelectRead))
                {
                    continue;
                }

                // Each on its own thread: one that connects and says nothing holds up nobody.
                var socket = _listener.Accept();
                new Thread(() => Hear(socket)) { IsBackground = true, Name = "hear a rank" }.Start();
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                if (_over)
                {
                    return;
                }
            }
        }
    }

    private void Hear(Socket socket)
    {
        try
        {
            var (channel, refused) = Handshake.Hear(socket, _options, Before);
            lock (_lock)
            {
                if (refused is null && !_over)
                {
                    // One that comes again did not hear that it was let in.
                    var again = _before[(int)channel];
                    _before[(int)channel] = socket;
                    if (again is null)
                    {
                        _missing.Signal();
                    }

                    again?.Dispose();
                    return;
                }

                _refused = refused ?? _refused;
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            _refused = "it did not introduce itself";
        }

        socket.Dispose();
    }
}
