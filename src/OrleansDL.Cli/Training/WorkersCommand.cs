using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL.Training;

/// <summary><c>odl workers</c></summary>
internal static class WorkersCommand
{
    public static Command Create() => new Command("workers", "List the workers and what they do.").Does(async (session, cancel) =>
        session.Screen.Show(await session.Client.Workers.ListAsync(cancel), workers => session.Screen.Table(
            ["name", "pool", "device", "slots", "free", "state", "models", "memory", "seen", "runs"],
            workers.Select(w => new[]
            {
                w.Name, w.Pool, w.Device, $"{w.Slots}", $"{w.FreeSlots}", w.Alive ? w.Draining ? "draining" : "alive" : "gone",
                $"{w.Models?.Loaded}", w.Models is { } models ? $"{Format.Bytes(models.UsedBytes)} of {Format.Bytes(models.LimitBytes)}" : null,
                Format.Time(w.LastSeenAt), string.Join(',', w.Runs),
            }))));
}
