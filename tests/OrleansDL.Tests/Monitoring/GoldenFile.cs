namespace OrleansDL.Tests.Monitoring;

/// <summary>Files that hold what earlier versions stored. They are read for ever and never written again.</summary>
internal static class GoldenFile
{
    public static string PathOf(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "OrleansDL.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run inside the repository.");
        }

        return Path.Combine(folder.FullName, "tests", "OrleansDL.Tests", "Golden", "monitoring", name);
    }
}
