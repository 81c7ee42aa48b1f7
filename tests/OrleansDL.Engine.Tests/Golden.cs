using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace OrleansDL.Tests;

/// <summary>Files as an earlier version wrote them, checked in for ever. With ODL_WRITE_GOLDEN=1 a test writes what is missing.</summary>
internal static class Golden
{
    public static byte[] Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Golden/{name}")
            ?? throw new FileNotFoundException($"There is no golden file '{name}'.");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    public static void Check(string name, byte[] actual, [CallerFilePath] string test = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(test)!, "..", "Golden", name);
        if (Environment.GetEnvironmentVariable("ODL_WRITE_GOLDEN") == "1" && !File.Exists(path))
        {
            File.WriteAllBytes(path, actual);
            return;
        }

        Assert.Equal(Encoding.UTF8.GetString(Read(name)), Encoding.UTF8.GetString(actual));
    }
}
