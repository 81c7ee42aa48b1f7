namespace OrleansDL.Numbers;

/// <summary>Reads a JSON array of numbers, flat or nested, straight from its bytes into a tensor. It takes what is right and leaves the rest to a reader that can say what is wrong.</summary>
internal static class NumberArray
{
    /// <param name="json">The text; <paramref name="at"/> is where the value begins, white space before it included.</param>
    /// <param name="at">Afterwards behind the array, when it was read.</param>
    /// <param name="depth">Arrays that may be open at once.</param>
    /// <param name="target">Room for exactly as many numbers as are expected.</param>
    /// <returns>Whether it was an array of that many numbers of the type.</returns>
    public static bool TryRead<T, TText>(ReadOnlySpan<byte> json, ref int at, int depth, Span<T> target)
        where TText : struct, INumberText<T>
    {
        var (position, open, count) = (at, 0, 0);
        if (!Enter(json, ref position, ref open, depth, out var isEmpty))
        {
            return false;
        }

        var expectsValue = !isEmpty;
        while (true)
        {
            if (expectsValue)
            {
                if ((uint)position < (uint)json.Length && json[position] == (byte)'[')
                {
                    if (!Enter(json, ref position, ref open, depth, out isEmpty))
                    {
                        return false;
                    }

                    expectsValue = !isEmpty;
                    continue;
                }

                if (count >= target.Length || !TText.TryRead(json, ref position, out target[count]))
                {
                    return false;
                }

                count++;
            }

            // Most numbers are followed by a comma and nothing else.
            if ((uint)position >= (uint)json.Length || json[position] != (byte)',')
            {
                position = JsonArrays.AfterSpace(json, position);
            }

            if ((uint)position >= (uint)json.Length)
            {
                return false;
            }

            switch (json[position++])
            {
                case (byte)',':
                    position = JsonArrays.AfterSpace(json, position);
                    expectsValue = true;
                    break;
                case (byte)']':
                    if (--open == 0)
                    {
                        at = position;
                        return count == target.Length;
                    }

                    expectsValue = false;
                    break;
                default:
                    return false;
            }
        }
    }

    /// <summary>Goes into an array, up to its first value or its end.</summary>
    private static bool Enter(ReadOnlySpan<byte> json, ref int at, ref int open, int depth, out bool isEmpty)
    {
        isEmpty = false;
        at = JsonArrays.AfterSpace(json, at);
        if ((uint)at >= (uint)json.Length || json[at] != (byte)'[' || ++open > depth)
        {
            return false;
        }

        at++;
        at = JsonArrays.AfterSpace(json, at);
        isEmpty = (uint)at < (uint)json.Length && json[at] == (byte)']';
        return true;
    }
}
