using System.Numerics;

namespace OrleansDL.Numbers;

/// <summary>Integers of any width and sign.</summary>
internal readonly struct IntegerText<T> : INumberText<T>
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
{
    private static readonly ulong Greatest = ulong.CreateChecked(T.MaxValue);

    // The magnitude of the least value; 0 where there are no negative ones.
    private static readonly ulong Least = T.MinValue < T.Zero ? Greatest + 1 : 0;

    public static bool TryRead(ReadOnlySpan<byte> json, ref int at, out T value)
    {
        value = default;
        var isNegative = (uint)at < (uint)json.Length && json[at] == (byte)'-';
        at += isNegative ? 1 : 0;
        var first = at;
        var magnitude = 0ul;
        var digits = Digits.Read(json, ref at, ref magnitude);
        if (digits is 0 or > Digits.Greatest || (digits > 1 && json[first] == (byte)'0') || magnitude > (isNegative ? Least : Greatest))
        {
            return false;
        }

        value = T.CreateTruncating(isNegative ? 0 - magnitude : magnitude);

        // A fraction or an exponent makes it none.
        return (uint)at >= (uint)json.Length || json[at] is not ((byte)'.' or (byte)'e' or (byte)'E');
    }
}
