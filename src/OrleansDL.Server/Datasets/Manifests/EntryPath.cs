using System.Text;

namespace OrleansDL.Datasets.Manifests;

/// <summary>The rule for paths within a dataset, and their order.</summary>
internal static class EntryPath
{
    public const int MaximumBytes = 1024;

    /// <summary>Order of the paths' UTF-8 bytes, which is the order of manifests.</summary>
    public static IComparer<string> Order => PathOrder.Comparer;

    /// <summary>What is wrong with a path, or null.</summary>
    public static string? Fault(string path)
    {
        if (path.Length == 0)
        {
            return "it is empty";
        }

        for (var i = 0; i < path.Length; i++)
        {
            if (char.IsControl(path[i]))
            {
                return "it holds a control character";
            }

            if (char.IsHighSurrogate(path[i]) && i + 1 < path.Length && char.IsLowSurrogate(path[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(path[i]) || path[i] == '\uFFFD')
            {
                return "it is not valid UTF-8";
            }
        }

        if (Encoding.UTF8.GetByteCount(path) > MaximumBytes)
        {
            return $"it is longer than {MaximumBytes} bytes";
        }

        if (path.Contains('\\', StringComparison.Ordinal))
        {
            return "it holds a backslash; folders are separated by '/'";
        }

        if (path[0] == '/' || (path.Length > 1 && path[1] == ':' && char.IsAsciiLetter(path[0])))
        {
            return "it is absolute";
        }

        foreach (var part in path.Split('/'))
        {
            switch (part)
            {
                case "":
                    return "it has an empty part";
                case ".":
                    return "it has a part '.'";
                case "..":
                    return "it leaves the dataset by '..'";
                default:
                    break;
            }
        }

        return null;
    }

    /// <exception cref="InvalidException">The path breaks the rule.</exception>
    public static string Check(string path) => Fault(path) is { } fault
        ? throw new InvalidException($"'{Shorten(path)}' is no path within a dataset: {fault}. Use a relative path such as 'train/part-1.csv'.")
        : path;

    public static string Shorten(string path) => path.Length > 128 ? path[..128] + "..." : path;

    public static int Compare(string? x, string? y) => PathOrder.Compare(x, y);
}
