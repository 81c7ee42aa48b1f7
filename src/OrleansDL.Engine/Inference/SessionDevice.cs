using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace OrleansDL.Inference;

/// <summary>The device on which ONNX Runtime runs a model.</summary>
internal static class SessionDevice
{
    private const string Cuda = "cuda";

    // Told by the build: the packages for the processor have no other provider.
    private static bool HasCuda =>
#if CUDA
        true;
#else
        false;
#endif

    /// <param name="options">Get the provider of the device, before that of the processor, which runs what it cannot.</param>
    /// <param name="device"><c>cpu</c>, or <c>cuda:N</c>.</param>
    /// <exception cref="InvalidException">The device is not there.</exception>
    public static void Choose(SessionOptions options, string device)
    {
        if (device == "cpu")
        {
            return;
        }

        if (!device.StartsWith(Cuda, StringComparison.Ordinal) || !int.TryParse(device.Length == Cuda.Length ? "0" : device[(Cuda.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            throw new InvalidException($"Device '{device}' is unknown. Devices: cpu, cuda:0, cuda:1, ...");
        }

        if (!HasCuda)
        {
            throw new InvalidException($"Device '{device}' is not there: this program was built for the processor. Start the worker with --device cpu, or build with -p:Accelerator=cuda.");
        }

        // As much as is asked for, not twice as much: other models share the device.
        using var provider = new OrtCUDAProviderOptions();
        provider.UpdateOptions(new Dictionary<string, string> { ["device_id"] = number.ToString(CultureInfo.InvariantCulture), ["arena_extend_strategy"] = "kSameAsRequested" });
        options.AppendExecutionProvider_CUDA(provider);
    }
}
