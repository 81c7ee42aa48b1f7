using System.CommandLine;
using System.Globalization;
using OrleansDL.Output;

namespace OrleansDL.Training;

/// <summary><c>odl pool ...</c></summary>
internal static class PoolCommands
{
    private static readonly Argument<string> Pool = new("pool") { Description = "Name of the pool." };

    public static Command Create() => new("pool", "Pools of slots: who waits, and how they are shared.") { List(), Show(), Set() };

    private static Command List() => new Command("list", "List the pools.").Does(async (session, cancel) =>
        session.Screen.Show(await session.Client.Pools.ListAsync(cancel), pools => session.Screen.Table(
            ["name", "policy", "workers", "slots", "free", "running", "waiting"],
            pools.Select(p => new[]
            {
                p.Name, Format.Of(p.Settings.Policy), $"{p.Workers}", $"{p.Slots}", $"{p.FreeSlots}", $"{p.Running}", $"{p.Queue.Count}",
            }))));

    private static Command Show() => new Command("show", "Show a pool's settings and its queue.") { Pool }.Does(async (session, cancel) =>
        session.Screen.Show(await session.Client.Pools.GetAsync(session.Get(Pool), cancel), p =>
        {
            Facts(session.Screen, p);
            session.Screen.Table(
                ["place", "run", "project", "slots", "priority", "since", "should start", "reason"],
                p.Queue.Select(w => new[]
                {
                    $"{w.Position}", w.Run.ToString(), w.Project, $"{w.Slots}", $"{w.Priority}", Format.Time(w.Since),
                    w.EstimatedStart is { } at ? Format.Time(at) : "-", w.Reason,
                }));
        }));

    private static Command Set()
    {
        var policy = new Option<PoolPolicy?>("--policy") { Description = "shortestRemaining, fifo, priority, fairShare or leastAttained." };
        var weights = new Option<string[]>("--weight") { Description = "PROJECT=WEIGHT, for fairShare; may be repeated. 1 takes it out." };
        var quotas = new Option<string[]>("--quota") { Description = "PROJECT=SLOTS or PROJECT=SLOTS:LIMIT; may be repeated. PROJECT= takes it out." };
        var preemption = new Option<bool?>("--preemption") { Description = "Whether a run may be sent away for one that goes before it." };
        var least = new Option<double?>("--minimum-run-seconds") { Description = "For how long a run that was started is left alone." };
        var patience = new Option<double?>("--patience-seconds") { Description = "After how long a run that waits goes before all others." };
        return new Command("set", "Change how a pool shares its slots; what is not named stays.") { Pool, policy, weights, quotas, preemption, least, patience }
            .Does(async (session, cancel) =>
            {
                var pool = session.Get(Pool);
                var now = (await session.Client.Pools.ListAsync(cancel)).FirstOrDefault(p => p.Name == pool)?.Settings ?? new PoolSettings();
                var next = now with
                {
                    Policy = session.Get(policy) ?? now.Policy,
                    Preemption = session.Get(preemption) ?? now.Preemption,
                    MinimumRunSeconds = session.Get(least) ?? now.MinimumRunSeconds,
                    PatienceSeconds = session.Get(patience) ?? now.PatienceSeconds,
                    Weights = Changed(now.Weights, session.Get(weights) ?? [], text => Number(text) == 1, Number),
                    Quotas = Changed(now.Quotas, session.Get(quotas) ?? [], text => text.Length == 0, Quota),
                };
                session.Screen.Show(await session.Client.Pools.SetAsync(pool, next, cancel), p => Facts(session.Screen, p));
            });
    }

    private static void Facts(Screen screen, PoolInfo pool) => screen.Facts(
        ("pool", pool.Name),
        ("policy", Format.Of(pool.Settings.Policy) + (pool.Settings.Preemption ? "" : ", without preemption")),
        ("slots", $"{pool.FreeSlots} of {pool.Slots} free on {pool.Workers} workers"),
        ("runs", $"{pool.Running} hold slots, {pool.Queue.Count} wait"),
        ("weights", pool.Settings.Weights.Count == 0 ? null : string.Join(", ", pool.Settings.Weights.Select(w => $"{w.Key} {Format.Number(w.Value)}"))),
        ("quotas", pool.Settings.Quotas.Count == 0 ? null
            : string.Join(", ", pool.Settings.Quotas.Select(q => $"{q.Key} {q.Value.Slots}{(q.Value.Limit is { } limit ? $" (at most {limit})" : "")}"))));

    /// <param name="now">By project.</param>
    /// <param name="changes">PROJECT=VALUE each.</param>
    /// <param name="isNone">Whether a value takes the project out.</param>
    /// <param name="read">Reads any other value.</param>
    private static Dictionary<string, T> Changed<T>(
        IReadOnlyDictionary<string, T> now, IEnumerable<string> changes, Func<string, bool> isNone, Func<string, T> read)
    {
        var next = new Dictionary<string, T>(now);
        foreach (var (project, text) in changes.Select(Pair))
        {
            if (isNone(text))
            {
                next.Remove(project);
            }
            else
            {
                next[project] = read(text);
            }
        }

        return next;
    }

    private static (string Project, string Text) Pair(string change) => change.IndexOf('=') is > 0 and var at
        ? (change[..at], change[(at + 1)..])
        : throw new InvalidException($"'{change}' is no PROJECT=VALUE.");

    private static PoolQuota Quota(string text) => text.Split(':') switch
    {
        [var slots] => new PoolQuota { Slots = (int)Number(slots) },
        [var slots, var limit] => new PoolQuota { Slots = (int)Number(slots), Limit = (int)Number(limit) },
        _ => throw new InvalidException($"'{text}' is no quota. Give SLOTS or SLOTS:LIMIT."),
    };

    private static double Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new InvalidException($"'{text}' is no number.");
}
