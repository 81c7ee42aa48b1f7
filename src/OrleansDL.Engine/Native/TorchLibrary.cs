using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OrleansDL.Native;

/// <summary>Loads libtorch. Call <see cref="Load"/> before touching any TorchSharp type.</summary>
public static class TorchLibrary
{
    private const string Bridge = "libLibTorchSharp.so";
    private const string UnmetVersion = "GLIBCXX_3.4.32";

    private static readonly Lazy<bool> Loaded = new(LoadOnce);

    /// <summary>Loads the libraries, once; every further call returns at once.</summary>
    /// <exception cref="DllNotFoundException">A library is missing or does not load; the message names it.</exception>
    public static void Load() => _ = Loaded.Value;

    private static bool LoadOnce()
    {
        // By full path and in this order: each library then finds the ones before it by their sonames, wherever they lie.
        foreach (var library in Libraries())
        {
            NativeLibrary.Load(NativeFolders.Find(library, "OrleansDL.TorchFolder"));
        }

        var bridge = LoadBridge(NativeFolders.Find(Bridge, "OrleansDL.TorchSharpFolder"));
        NativeLibrary.SetDllImportResolver(
            typeof(TorchSharp.torch).Assembly,
            (name, _, _) => name.Contains("LibTorchSharp", StringComparison.Ordinal) ? bridge : IntPtr.Zero);
        return true;
    }

    private static string[] Libraries() =>
#if CUDA
        ["libc10.so", "libtorch_cpu.so", "libc10_cuda.so", "libtorch_cuda.so", "libtorch.so"];
#else
        ["libc10.so", "libtorch_cpu.so", "libtorch.so"];
#endif

    private static IntPtr LoadBridge(string path) =>
        NativeLibrary.TryLoad(path, out var handle) ? handle : NativeLibrary.Load(PatchedCopy(path));

    /// <summary>A private copy that asks less of libstdc++. The package's own file is shared between builds and stays as it is.</summary>
    private static string PatchedCopy(string path)
    {
        var image = File.ReadAllBytes(path);
        var digest = Convert.ToHexStringLower(SHA256.HashData(image))[..16];
        var folder = Directory.CreateDirectory(Path.Combine(CacheFolder(), digest)).FullName;
        var copy = Path.Combine(folder, Bridge);
        if (WeakVersionPatch.Apply(image, UnmetVersion) == 0)
        {
            throw new DllNotFoundException($"'{path}' does not load, and not for want of {UnmetVersion}. 'ldd -r' on it tells what it lacks.");
        }

        if (!File.Exists(copy) || !File.ReadAllBytes(copy).AsSpan().SequenceEqual(image))
        {
            var unfinished = Path.Combine(folder, $"{Bridge}.{Environment.ProcessId}");
            File.WriteAllBytes(unfinished, image);
            File.Move(unfinished, copy, overwrite: true);
        }

        return copy;
    }

    private static string CacheFolder()
    {
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(cache))
        {
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            cache = string.IsNullOrEmpty(home) ? null : Path.Combine(home, ".cache");
        }

        try
        {
            return Directory.CreateDirectory(Path.Combine(cache ?? Path.GetTempPath(), "orleansdl", "native")).FullName;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A sandboxed process has no writable home.
            return Directory.CreateTempSubdirectory("orleansdl-native-").FullName;
        }
    }
}
