using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>One connection of HTTP/1.1, on which the bytes are the test's own.</summary>
internal sealed class RawConnection : IAsyncDisposable
{
    private static readonly byte[] EndOfHead = "\r\n\r\n"u8.ToArray();
    private readonly TcpClient _client = new();
    private Stream _stream = Stream.Null;

    public static async Task<RawConnection> OpenAsync(Uri server)
    {
        var connection = new RawConnection();
        await connection._client.ConnectAsync(server.Host, server.Port);
        connection._stream = connection._client.GetStream();
        return connection;
    }

    /// <summary>Sends the lines of a head, to which <c>Host</c> is added, and what follows it.</summary>
    public async Task SendAsync(string head, string body = "") => await WriteAsync($"{head}\r\nHost: localhost\r\n\r\n{body}");

    public async Task WriteAsync(string text) => await _stream.WriteAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>The next answer, as long as its head says; one without a status of its own to say (100) has no body.</summary>
    public async Task<(int Status, string Head, string Body)> ReadAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        List<byte> read = [];
        var one = new byte[1];
        while (read.Count < EndOfHead.Length || !read[^EndOfHead.Length..].SequenceEqual(EndOfHead))
        {
            if (await _stream.ReadAsync(one, deadline.Token) == 0)
            {
                throw new EndOfStreamException($"The connection ended after '{Encoding.Latin1.GetString([.. read])}'.");
            }

            read.Add(one[0]);
        }

        var head = Encoding.Latin1.GetString([.. read]);
        var length = head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) is { } line
            ? int.Parse(line.AsSpan(line.IndexOf(':', StringComparison.Ordinal) + 1).Trim(), CultureInfo.InvariantCulture)
            : 0;
        var body = new byte[length];
        await _stream.ReadExactlyAsync(body, deadline.Token);
        return (int.Parse(head.AsSpan("HTTP/1.1 ".Length, 3), CultureInfo.InvariantCulture), head, Encoding.Latin1.GetString(body));
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _client.Dispose();
    }
}
