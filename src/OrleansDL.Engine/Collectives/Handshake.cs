using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace OrleansDL.Collectives;

/// <summary>
/// How two ranks know each other. Who listens sends 16 random bytes; who connects answers with magic, run, attempt, rank, size, channel (big-endian),
/// 16 random bytes of its own and an HMAC-SHA256 of all that under the attempt's secret; who listens answers with a status and its own HMAC.
/// The secret itself never travels.
/// </summary>
internal static class Handshake
{
    private const int NonceBytes = 16;
    private const int HelloBytes = 4 + 16 + 4 + 4 + 4 + 4 + NonceBytes;
    private const int ProofBytes = HMACSHA256.HashSizeInBytes;
    private const int Magic = 0x4F444C32;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>Introduces this rank to <paramref name="peer"/>.</summary>
    /// <exception cref="GroupLostException">It is no rank of this attempt, or says that this one is not.</exception>
    public static void Introduce(Socket socket, GroupOptions group, int peer, Channel channel)
    {
        Limited(socket);
        Span<byte> message = stackalloc byte[NonceBytes + HelloBytes];
        Receive(socket, message[..NonceBytes]);
        var hello = message[NonceBytes..];
        BinaryPrimitives.WriteInt32BigEndian(hello, Magic);
        group.Run.TryWriteBytes(hello[4..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(hello[20..], group.Attempt);
        BinaryPrimitives.WriteInt32BigEndian(hello[24..], group.Rank);
        BinaryPrimitives.WriteInt32BigEndian(hello[28..], group.Size);
        BinaryPrimitives.WriteInt32BigEndian(hello[32..], (int)channel);
        var nonce = hello[36..];
        RandomNumberGenerator.Fill(nonce);
        Span<byte> proof = stackalloc byte[ProofBytes];
        HMACSHA256.HashData(group.Secret, message, proof);
        Send(socket, hello);
        Send(socket, proof);

        Span<byte> answer = stackalloc byte[1 + ProofBytes];
        Receive(socket, answer);
        Span<byte> signed = [.. nonce, answer[0]];
        HMACSHA256.HashData(group.Secret, signed, proof);
        if (!CryptographicOperations.FixedTimeEquals(proof, answer[1..]))
        {
            throw new GroupLostException($"What listens at the address of rank {peer} is no rank of run {group.Run}.");
        }

        if (answer[0] != (byte)Welcome.Yes)
        {
            throw new GroupLostException($"Rank {peer} refused this rank {group.Rank} of attempt {group.Attempt}: {Text((Welcome)answer[0])}.");
        }
    }

    /// <summary>Hears who connected. A stranger gets no answer.</summary>
    /// <returns>The channel it wants and null, or why it was refused.</returns>
    public static (Channel Channel, string? Refused) Hear(Socket socket, GroupOptions group, int expected)
    {
        Limited(socket);
        Span<byte> message = stackalloc byte[NonceBytes + HelloBytes];
        RandomNumberGenerator.Fill(message[..NonceBytes]);
        Send(socket, message[..NonceBytes]);
        var hello = message[NonceBytes..];
        Receive(socket, hello);
        Span<byte> claimed = stackalloc byte[ProofBytes];
        Receive(socket, claimed);
        Span<byte> proof = stackalloc byte[ProofBytes];
        HMACSHA256.HashData(group.Secret, message, proof);
        if (BinaryPrimitives.ReadInt32BigEndian(hello) != Magic || !CryptographicOperations.FixedTimeEquals(proof, claimed))
        {
            return (default, "it does not know the attempt's secret");
        }

        var channel = (Channel)BinaryPrimitives.ReadInt32BigEndian(hello[32..]);
        var welcome = Welcome.Yes;
        if (new Guid(hello[4..20], bigEndian: true) != group.Run || !Enum.IsDefined(channel))
        {
            welcome = Welcome.OtherRun;
        }
        else if (BinaryPrimitives.ReadInt32BigEndian(hello[20..]) != group.Attempt)
        {
            welcome = Welcome.OtherAttempt;
        }
        else if (BinaryPrimitives.ReadInt32BigEndian(hello[24..]) != expected || BinaryPrimitives.ReadInt32BigEndian(hello[28..]) != group.Size)
        {
            welcome = Welcome.OtherPlace;
        }

        Span<byte> signed = [.. hello[36..], (byte)welcome];
        HMACSHA256.HashData(group.Secret, signed, proof);
        Span<byte> answer = [(byte)welcome, .. proof];
        Send(socket, answer);
        return (channel, welcome is Welcome.Yes ? null : Text(welcome));
    }

    private static string Text(Welcome welcome) => welcome switch
    {
        Welcome.OtherRun => "it belongs to another run",
        Welcome.OtherAttempt => "it belongs to another attempt",
        _ => "its place in the group is another",
    };

    private static void Limited(Socket socket) => socket.SendTimeout = socket.ReceiveTimeout = (int)Limit.TotalMilliseconds;

    private static void Send(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[socket.Send(bytes)..];
        }
    }

    private static void Receive(Socket socket, Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var count = socket.Receive(bytes);
            if (count == 0)
            {
                throw new SocketException((int)SocketError.ConnectionReset);
            }

            bytes = bytes[count..];
        }
    }
}
