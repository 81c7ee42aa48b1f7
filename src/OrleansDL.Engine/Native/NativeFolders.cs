using System.Reflection;

namespace OrleansDL.Native;

/// <summary>Where the native libraries lie: beside the program when it was published, in the package folder when it was built.</summary>
internal static class NativeFolders
{
    /// <exception cref="DllNotFoundException">The file is in none of the folders.</exception>
    public static string Find(string file, string metadataKey)
    {
        var folders = Candidates(metadataKey).ToList();
        return folders.Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists)
            ?? throw new DllNotFoundException(
                $"The native library '{file}' lies in none of {string.Join(", ", folders)}. Build or publish the program again on this machine.");
    }

    private static IEnumerable<string> Candidates(string metadataKey)
    {
        yield return Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native");
        yield return AppContext.BaseDirectory;

        // The runner lies in a folder of the worker's, and shares its libraries.
        yield return Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "runtimes", "linux-x64", "native"));
        var built = typeof(NativeFolders).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .FirstOrDefault(metadata => metadata.Key == metadataKey)?.Value;
        if (!string.IsNullOrEmpty(built))
        {
            yield return built;
        }
    }
}
