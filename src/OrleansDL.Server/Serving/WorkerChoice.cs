using System.Security.Cryptography;
using System.Text;
using OrleansDL.Training;

namespace OrleansDL.Serving;

/// <summary>Which workers may serve a deployment.</summary>
internal static class WorkerChoice
{
    /// <summary>Whether a worker is there, takes models, and has the device that is asked for.</summary>
    public static bool MayServe(WorkerInfo worker, string? device) => worker is { Alive: true, Draining: false } && DeviceRules.Suits(device, worker.Device);

    /// <summary>As many workers as wanted: the preferred ones first, and deployments spread over the rest, each always in the same order.</summary>
    public static IReadOnlyList<string> Of(IEnumerable<WorkerInfo> workers, ReplicaSpec spec, int wanted, IReadOnlyList<string> preferred) =>
    [
        .. workers.Where(worker => MayServe(worker, spec.Device)).Select(worker => worker.Name)
            .OrderBy(worker => preferred.Contains(worker) ? 0 : 1).ThenBy(worker => Spread(spec.Deployment, worker), StringComparer.Ordinal).Take(wanted),
    ];

    /// <summary>Why none of the workers may serve what asks for a device; null when one may, or none would whatever it asked for.</summary>
    public static string? Refusal(IReadOnlyList<WorkerInfo> workers, string? device)
    {
        var there = workers.Where(worker => MayServe(worker, device: null)).ToList();
        return there.Count == 0 || there.Exists(worker => MayServe(worker, device))
            ? null
            : $"It needs a worker with device '{device}', and none has one: {string.Join(", ", there.Select(worker => $"'{worker.Name}' has {worker.Device}").Take(8))}. It is loaded when one joins; GET /v1/workers lists them.";
    }

    private static string Spread(Guid deployment, string worker) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{deployment}/{worker}")));
}
