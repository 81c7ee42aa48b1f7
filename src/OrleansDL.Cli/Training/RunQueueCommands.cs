using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL.Training;

/// <summary><c>odl run pause|resume|priority|move</c>: what a user says about a run's turn.</summary>
internal static class RunQueueCommands
{
    private static readonly Argument<string> Run = new("run") { Description = "Name or id of the run." };

    public static Command Pause() => new Command("pause", "Let a run write a checkpoint and give its slots back.") { Run }.Does(async (session, cancel) =>
        Tell(session, await session.Client.TrainingRuns.PauseAsync(session.Get(Run), cancel)));

    public static Command Resume() => new Command("resume", "Queue a paused run again.") { Run }.Does(async (session, cancel) =>
        Tell(session, await session.Client.TrainingRuns.ResumeAsync(session.Get(Run), cancel)));

    public static Command Priority()
    {
        var priority = new Argument<int>("priority") { Description = "Higher goes first; -1000 to 1000." };
        return new Command("priority", "Change a run's priority.") { Run, priority }.Does(async (session, cancel) =>
            session.Screen.Show(
                await session.Client.TrainingRuns.SetPriorityAsync(session.Get(Run), session.Get(priority), cancel),
                r => session.Screen.Line($"Run {r.Name} has priority {r.Spec.Priority ?? 0}.")));
    }

    public static Command Move()
    {
        var ahead = new Option<string?>("--ahead") { Description = "Run that it goes before." };
        var behind = new Option<string?>("--behind") { Description = "Run that it goes behind." };
        return new Command("move", "Move a waiting run in its queue.") { Run, ahead, behind }.Does(async (session, cancel) =>
            session.Screen.Show(
                await session.Client.TrainingRuns.MoveAsync(
                    session.Get(Run), new RunMove { Ahead = session.Get(ahead), Behind = session.Get(behind) }, cancel),
                r => session.Screen.Line(r.Position is { } place ? $"Run {r.Name} is at place {place} of pool {r.Spec.Pool}." : $"Run {r.Name} is {Format.Of(r.Status)}.")));
    }

    private static void Tell(Session session, TrainingRun run) =>
        session.Screen.Show(run, r => session.Screen.Line($"Run {r.Name} is {Format.Of(r.Status)}."));
}
