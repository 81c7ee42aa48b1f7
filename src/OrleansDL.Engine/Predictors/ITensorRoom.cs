namespace OrleansDL.Predictors;

/// <summary>Memory that both processes see, in which the tensors of one call lie.</summary>
public interface ITensorRoom
{
    /// <summary>Bytes it holds.</summary>
    long Size { get; }

    /// <summary>Lays bytes down.</summary>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Bytes that the other side laid down; whether they are a copy is the room's business.</summary>
    /// <exception cref="InvalidDataException">There are no such bytes in it.</exception>
    ReadOnlyMemory<byte> Read(long offset, long bytes);
}
