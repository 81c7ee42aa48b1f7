using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace OrleansDL.Native;

/// <summary>Loads ONNX Runtime, with its telemetry off and one environment for the process.</summary>
public static class OnnxLibrary
{
    private static readonly Lazy<nint> Loaded = new(LoadOnce);

    /// <summary>The library, loaded.</summary>
    internal static nint Handle => Loaded.Value;

    /// <summary>Loads the library, once; every further call returns at once.</summary>
    public static void Load() => _ = Loaded.Value;

    private static nint LoadOnce()
    {
        // The library reads the C environment, which Environment.SetEnvironmentVariable does not reach.
        Environment.SetEnvironmentVariable("ORT_DISABLE_TELEMETRY", "1");
        if (CLibrary.SetEnvironmentVariable("ORT_DISABLE_TELEMETRY", "1", 1) != 0)
        {
            throw new InvalidOperationException("ORT_DISABLE_TELEMETRY could not be set in the process environment.");
        }

        OrtEnv.DisableDllImportResolver = true;
        var runtime = NativeLibrary.Load(NativeFolders.Find("libonnxruntime.so", "OrleansDL.OnnxFolder"));
        NativeLibrary.SetDllImportResolver(
            typeof(OrtEnv).Assembly,
            (name, _, _) => name.StartsWith("onnxruntime", StringComparison.Ordinal) && !name.Contains("extensions", StringComparison.Ordinal)
                ? runtime
                : IntPtr.Zero);
        var environment = OrtEnv.Instance();
        environment.EnvLogLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR;
        environment.DisableTelemetryEvents();
        return runtime;
    }
}
