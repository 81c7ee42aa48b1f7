namespace OrleansDL.Tests;

/// <summary>A test that needs an NVIDIA GPU and a build with <c>-p:Accelerator=cuda</c>; its name stands in tests/allowed-skips.txt.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GpuFactAttribute : FactAttribute
{
    public GpuFactAttribute()
    {
#if CUDA
        if (!File.Exists("/dev/nvidia0"))
        {
            Skip = "There is no NVIDIA GPU here.";
        }
#else
        Skip = "This is the CPU build; build with -p:Accelerator=cuda on a machine with an NVIDIA GPU.";
#endif
    }
}
