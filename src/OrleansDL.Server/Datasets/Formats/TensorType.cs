using System.Globalization;

namespace OrleansDL.Datasets.Formats;

/// <summary>Element and shape of a tensor column, written <c>uint8[28,28]</c>.</summary>
internal sealed record TensorType(string Element, IReadOnlyList<int> Shape)
{
    private static readonly Dictionary<string, int> Sizes = new(StringComparer.Ordinal)
    {
        ["uint8"] = 1,
        ["int8"] = 1,
        ["int16"] = 2,
        ["int32"] = 4,
        ["int64"] = 8,
        ["float32"] = 4,
        ["float64"] = 8,
    };

    public int ElementBytes => Sizes[Element];

    /// <summary>Bytes of one value.</summary>
    public long Bytes => Shape.Aggregate((long)ElementBytes, (product, size) => product * size);

    public static TensorType Parse(string text)
    {
        var bracket = text.IndexOf('[', StringComparison.Ordinal);
        return new TensorType(text[..bracket], [.. text[(bracket + 1)..^1].Split(',').Select(size => int.Parse(size, NumberStyles.None, CultureInfo.InvariantCulture))]);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Element}[{string.Join(',', Shape)}]");
}
