using System.Globalization;

namespace OrleansDL.Serving;

/// <summary>What a process of a deployment's own must keep to.</summary>
public static class ProcessSpecRules
{
    /// <summary>Less is not enough for the process itself.</summary>
    public const long LeastMemory = 128L << 20;

    private const long GreatestMemory = 16L << 40;

    /// <summary>Checks it against what else the deployment says.</summary>
    /// <exception cref="InvalidException">The message begins with the JSON path of what is wrong.</exception>
    public static void Check(DeploymentSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.Process is not { } process)
        {
            return;
        }

        Require(process.MemoryBytes is null or (>= LeastMemory and <= GreatestMemory), $"process.memoryBytes is {process.MemoryBytes}. Give a number from {LeastMemory} to {GreatestMemory}.");
        Require(process.Cpus is null or (>= 0.1 and <= 1024), $"process.cpus is {process.Cpus}. Give a number from 0.1 to 1024.");
        Require(!spec.Trusted, $"process and trusted do not go together: a trusted model runs in the worker itself. Leave one of both out.");
        Require(spec.Ensemble is null, $"process and ensemble do not go together: an ensemble runs on the server. Give its steps' deployments a process.");
    }

    private static void Require(bool condition, FormattableString message)
    {
        if (!condition)
        {
            throw new InvalidException(message.ToString(CultureInfo.InvariantCulture));
        }
    }
}
