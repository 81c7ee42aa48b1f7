namespace OrleansDL.Data;

/// <summary>The key that all randomness of a sample in an epoch is drawn from: a function of seed, epoch and the sample's number, so that who reads the sample, and when, has no part in it.</summary>
internal static class SampleKeys
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    public static ulong Of(long seed, int epoch, long sample) => Mix(Mix(Mix(unchecked((ulong)seed)) + (ulong)epoch) + (ulong)sample);

    /// <summary>The key of one use among several of the same sample.</summary>
    public static ulong Of(ulong key, ulong use) => Mix(key ^ Mix(use));

    /// <summary>SplitMix64's step: one bit more or less changes half of the bits of what comes out.</summary>
    private static ulong Mix(ulong value)
    {
        value += Golden;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
