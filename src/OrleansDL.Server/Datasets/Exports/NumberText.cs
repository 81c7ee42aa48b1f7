using System.Globalization;

namespace OrleansDL.Datasets.Exports;

/// <summary>Numbers as text that is read back as the same number of the same type.</summary>
internal static class NumberText
{
    /// <summary>Has a point or an exponent always: 1 is an integer, 1.0 a float.</summary>
    public static string Of(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + ".0" : text;
    }
}
