using OrleansDL.Training.Sandbox;
using OrleansDL.UserCode;

namespace OrleansDL.Training;

/// <summary>What a program left in its output folder, which may be anything: no link is followed, and no pipe opened.</summary>
internal static class OutputFiles
{
    /// <summary>Files of one artifact.</summary>
    public const int Maximum = 1000;

    /// <summary>The plain files in a folder and the folders below it.</summary>
    /// <param name="root">The folder. Nothing writes to it any more.</param>
    /// <returns>Their paths below it, with forward slashes, in ordinal order. Links, pipes and devices are not among them.</returns>
    /// <exception cref="InvalidException">There are too many, one has a path that is none for an artifact, or a folder is closed to the worker.</exception>
    public static IReadOnlyList<string> List(string root)
    {
        var files = new List<string>();
        var (folders, entries) = (new Stack<string>([""]), 0);
        while (folders.TryPop(out var folder))
        {
            foreach (var entry in Entries(root, folder))
            {
                var path = folder + Path.GetFileName(entry);
                if (++entries > SandboxWatch.MaximumFiles)
                {
                    throw new InvalidException($"It left more than {SandboxWatch.MaximumFiles} files and folders in ODL_OUTPUT_DIR. Pack what belongs together into one.");
                }

                // A link would lead out, and a pipe be read for ever.
                if (FileFacts.Of(entry) is not { } facts || !(facts.IsFile || facts.IsFolder))
                {
                    continue;
                }

                // A folder's path is held to it too: so none is deeper than can be named.
                if (!CodePath.IsValid(path))
                {
                    throw new InvalidException(
                        $"It left a file or folder in ODL_OUTPUT_DIR whose path has more than {CodePath.MaximumBytes} bytes, a backslash or control characters. Name it otherwise.");
                }

                if (facts.IsFolder)
                {
                    folders.Push(path + "/");
                }
                else if (files.Count == Maximum)
                {
                    throw new InvalidException($"It left more than {Maximum} files in ODL_OUTPUT_DIR. Pack what belongs together into one.");
                }
                else
                {
                    files.Add(path);
                }
            }
        }

        files.Sort(StringComparer.Ordinal);
        return files;
    }

    private static string[] Entries(string root, string folder)
    {
        try
        {
            return Directory.GetFileSystemEntries(Path.Combine(root, folder));
        }
        catch (UnauthorizedAccessException)
        {
            throw new InvalidException($"It closed the folder '{folder}' of ODL_OUTPUT_DIR to the worker, which takes what is in it. Leave folders readable.");
        }
    }
}
