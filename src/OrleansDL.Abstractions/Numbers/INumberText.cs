namespace OrleansDL.Numbers;

/// <summary>How a number of one type is written in JSON.</summary>
internal interface INumberText<T>
{
    /// <summary>Reads the number that begins at <paramref name="at"/> and moves behind it; false for anything that is none of the type, or is out of its range.</summary>
    static abstract bool TryRead(ReadOnlySpan<byte> json, ref int at, out T value);
}
