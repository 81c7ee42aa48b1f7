using System.Globalization;

namespace OrleansDL.Training;

/// <summary>The rules that parts of a spec are made of; each message begins with the JSON path of what is wrong.</summary>
internal static class SpecCheck
{
    public static void Sizes(string path, IReadOnlyList<int>? sizes, int greatest)
    {
        if (sizes is null)
        {
            return;
        }

        Range($"{path}.length", sizes.Count, 1, 16);
        foreach (var (index, size) in sizes.Index())
        {
            Range($"{path}[{index}]", size, 1, greatest);
        }
    }

    public static void OneOf(string path, string? value, string[] allowed, string title) =>
        Require(allowed.Contains(value), $"{path} '{value}' is unknown. {title}: {string.Join(", ", allowed)}.");

    public static void Range(string path, double? value, double least, double greatest)
    {
        if (value is { } number)
        {
            Require(
                number >= least && number <= greatest,
                string.Create(CultureInfo.InvariantCulture, $"{path} is {number}. Give a number from {least} to {greatest}."));
        }
    }

    public static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new InvalidException(message);
        }
    }
}
