namespace OrleansDL.Serving;

/// <summary>The devices that a deployment may ask for: <c>any</c>, a kind (<c>cpu</c>, <c>cuda</c>), or one of its kind by its number (<c>cuda:1</c>).</summary>
public static class DeviceRules
{
    private const string Any = "any";
    private const string Cuda = "cuda";

    /// <param name="device">What a deployment asks for; null: any.</param>
    /// <exception cref="InvalidException">There is no such kind of device.</exception>
    public static void Check(string? device)
    {
        if (device is not (null or Any or "cpu" or Cuda) && !(device.StartsWith(Cuda + ":", StringComparison.Ordinal) && device.Length <= 8 && device.AsSpan(Cuda.Length + 1) is { Length: > 0 } number && !number.ContainsAnyExceptInRange('0', '9')))
        {
            throw new InvalidException($"device '{device}' is unknown. Devices: any, cpu, cuda, cuda:N.");
        }
    }

    /// <summary>Whether a worker's device is one that was asked for.</summary>
    /// <param name="wanted">What a deployment asks for; null: any.</param>
    /// <param name="device">The worker's: <c>cpu</c> or <c>cuda:0</c>.</param>
    public static bool Suits(string? wanted, string device) => wanted is null or Any || wanted == device || (wanted == Cuda && device.StartsWith(Cuda, StringComparison.Ordinal));

    /// <summary>Whether a GPU is asked for.</summary>
    /// <param name="wanted">What a deployment asks for; null: any.</param>
    public static bool IsGpu(string? wanted) => wanted?.StartsWith(Cuda, StringComparison.Ordinal) is true;
}
