using System.Globalization;

namespace OrleansDL.Training.Sandbox;

/// <summary>The processes below one of ours, as the kernel lists them. They come and go while one looks.</summary>
internal static class ProcessTree
{
    /// <summary>The process itself and all below it.</summary>
    public static IReadOnlyList<int> Of(int root)
    {
        var found = new List<int> { root };
        for (var i = 0; i < found.Count; i++)
        {
            found.AddRange(ChildrenOf(found[i]));
        }

        return found;
    }

    public static IReadOnlyList<int> ChildrenOf(int pid)
    {
        try
        {
            var children = new List<int>();
            foreach (var thread in Directory.EnumerateDirectories($"/proc/{pid}/task"))
            {
                children.AddRange(File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries)
                    .Select(text => int.Parse(text, CultureInfo.InvariantCulture)));
            }

            return children;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has just ended.
            return [];
        }
    }
}
