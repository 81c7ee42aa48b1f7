namespace OrleansDL.Tests.Datasets;

/// <summary>Gives bytes in pieces of a size, as networks do.</summary>
internal sealed class PieceStream(byte[] bytes, int piece) : MemoryStream(bytes)
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        base.ReadAsync(piece > 0 && buffer.Length > piece ? buffer[..piece] : buffer, cancellationToken);
}
