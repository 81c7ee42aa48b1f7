using System.Globalization;

namespace OrleansDL.Datasets.Validation;

/// <summary>How messages write numbers and values.</summary>
internal static class Say
{
    public static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);

    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Share(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.##}%");

    public static string Values(IReadOnlyCollection<string> values) =>
        string.Join(", ", values.Take(5).Select(value => $"'{(value.Length > 40 ? value[..40] + "..." : value)}'")) + (values.Count > 5 ? $" and {values.Count - 5} more" : "");

    public static string Type(ColumnType type) => type.ToString().ToLowerInvariant();
}
