using OrleansDL.Native;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>The device a run trains on, as <c>ODL_DEVICE</c> names it.</summary>
internal static class Devices
{
    /// <exception cref="InvalidException">The name is wrong, or the device is not there.</exception>
    public static Device Open(string name)
    {
        TorchLibrary.Load();
        if (name is "cpu")
        {
            return CPU;
        }

        if (!name.StartsWith("cuda", StringComparison.Ordinal))
        {
            throw new InvalidException($"Device '{name}' is unknown. Devices: cpu, cuda:0, cuda:1, ...");
        }

        // Before anything runs on the processor: autograd would otherwise never learn of the GPU.
        if (!TryInitializeDeviceType(TorchSharp.DeviceType.CUDA) || !cuda.is_available())
        {
            throw new InvalidException($"Device '{name}' is not there. Start the worker with device cpu, or build with -p:Accelerator=cuda on a machine with an NVIDIA GPU.");
        }

        return device(name);
    }
}
