using System.Globalization;

namespace OrleansDL.Serving.Statistics;

/// <summary>How busy the machine's processors are, and its memory, as the kernel tells it.</summary>
internal sealed class ProcessorUse
{
    private readonly Lock _gate = new();
    private (long Idle, long All) _before = Ticks();

    /// <summary>Share of the time since the last call that processors worked, 0 to 1.</summary>
    public double Utilization()
    {
        lock (_gate)
        {
            var (before, now) = (_before, Ticks());
            _before = now;
            return now.All > before.All ? 1 - ((double)(now.Idle - before.Idle) / (now.All - before.All)) : 0;
        }
    }

    /// <summary>Bytes of memory in all and in use; zeros where the kernel does not tell.</summary>
    public static (long Total, long Used) Memory()
    {
        if (!File.Exists("/proc/meminfo"))
        {
            return (0, 0);
        }

        var lines = File.ReadLines("/proc/meminfo").Take(3).Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToDictionary(words => words[0], words => Number(words[1]) * 1024);
        var total = lines.GetValueOrDefault("MemTotal:");
        return (total, total - lines.GetValueOrDefault("MemAvailable:"));
    }

    // user nice system idle iowait irq softirq steal
    private static (long Idle, long All) Ticks()
    {
        if (!File.Exists("/proc/stat"))
        {
            return (0, 0);
        }

        long[] ticks = [.. File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8).Select(Number)];
        return (ticks[3] + ticks[4], ticks.Sum());
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
