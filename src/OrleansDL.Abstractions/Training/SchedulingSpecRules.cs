using static OrleansDL.Training.SpecCheck;

namespace OrleansDL.Training;

/// <summary>What a spec may ask of its pool's scheduler.</summary>
internal static class SchedulingSpecRules
{
    private static readonly string[] DeviceKinds = ["cpu", "cuda"];

    public static void Check(TrainingSpec spec)
    {
        Range("priority", spec.Priority, -1000, 1000);
        Range("timeLimitSeconds", spec.TimeLimitSeconds, 1, 31_536_000);
        Range("memoryMiB", spec.MemoryMiB, 1, 1L << 30);
        Range("maxRetries", spec.MaxRetries, 0, 100);
        Range("hangSeconds", spec.HangSeconds, 1, 86_400);
        Require(spec.OnOutOfMemory is not { } choice || Enum.IsDefined(choice), $"onOutOfMemory '{spec.OnOutOfMemory}' is unknown. Choices: stop, halveBatch.");
        if (spec.DeviceKind is not null)
        {
            OneOf("deviceKind", spec.DeviceKind, DeviceKinds, "Kinds of device");
        }
    }
}
