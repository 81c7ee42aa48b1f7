using System.CommandLine;

namespace OrleansDL.Training;

/// <summary><c>odl worker drain|undrain</c>: a worker goes out of use, or back into it.</summary>
internal static class WorkerDrainCommands
{
    private static readonly Argument<string> Name = new("name") { Description = "Name of the worker." };

    public static Command AddTo(Command worker)
    {
        worker.Add(new Command("drain", "Take a worker out of use: its runs write a checkpoint and go on elsewhere.") { Name }.Does(async (session, cancel) =>
            Tell(session, await session.Client.Workers.DrainAsync(session.Get(Name), cancel))));
        worker.Add(new Command("undrain", "Put a drained worker back into use.") { Name }.Does(async (session, cancel) =>
            Tell(session, await session.Client.Workers.UndrainAsync(session.Get(Name), cancel))));
        return worker;
    }

    private static void Tell(Session session, WorkerInfo worker) => session.Screen.Show(worker, w => session.Screen.Line(
        w.Draining ? $"Worker {w.Name} takes no more work; {w.Runs.Count} of its runs are leaving." : $"Worker {w.Name} takes work."));
}
