using System.Globalization;

namespace OrleansDL.Datasets;

/// <summary>Element type and shape of a tensor column, written <c>uint8[28,28]</c>.</summary>
public sealed record TensorShape
{
    private static readonly Dictionary<string, int> Elements = new(StringComparer.Ordinal)
    {
        ["uint8"] = 1,
        ["int8"] = 1,
        ["int16"] = 2,
        ["int32"] = 4,
        ["int64"] = 8,
        ["float32"] = 4,
        ["float64"] = 8,
    };

    /// <summary><c>uint8</c>, <c>int8</c>, <c>int16</c>, <c>int32</c>, <c>int64</c>, <c>float32</c> or <c>float64</c>.</summary>
    public required string Element { get; init; }

    /// <summary>Sizes, outermost first; each at least 1.</summary>
    public required IReadOnlyList<int> Sizes { get; init; }

    /// <summary>Numbers of one value.</summary>
    public int Count => Sizes.Aggregate(1, (product, size) => checked(product * size));

    /// <summary>Bytes of one number.</summary>
    public int ElementBytes => Elements[Element];

    /// <summary>Bytes of one value.</summary>
    public int Bytes => checked(Count * ElementBytes);

    /// <exception cref="InvalidException">The text is no tensor type, or one value would have 2 GiB or more.</exception>
    public static TensorShape Parse(string? text)
    {
        var open = text?.IndexOf('[', StringComparison.Ordinal) ?? -1;
        if (open <= 0 || text![^1] != ']' || !Elements.ContainsKey(text[..open]))
        {
            throw Wrong(text);
        }

        var parts = text[(open + 1)..^1].Split(',');
        var sizes = new int[parts.Length];
        long bytes = Elements[text[..open]];
        for (var index = 0; index < parts.Length; index++)
        {
            if (!int.TryParse(parts[index], NumberStyles.None, CultureInfo.InvariantCulture, out sizes[index]) || sizes[index] < 1
                || (bytes *= sizes[index]) > int.MaxValue)
            {
                throw Wrong(text);
            }
        }

        return new TensorShape { Element = text[..open], Sizes = sizes };
    }

    public override string ToString() => $"{Element}[{string.Join(',', Sizes)}]";

    private static InvalidException Wrong(string? text) => new(
        $"'{text}' is no tensor type. Write element and shape, as uint8[28,28]; elements: {string.Join(", ", Elements.Keys)}; one value has less than 2 GiB.");
}
