using System.CommandLine;

namespace OrleansDL;

/// <summary>Gives commands their action.</summary>
internal static class CommandExtensions
{
    public static Command Does(this Command command, Func<Session, CancellationToken, Task> act) => command.Does(async (session, cancellationToken) =>
    {
        await act(session, cancellationToken);
        return 0;
    });

    /// <param name="command">The command.</param>
    /// <param name="act">Answers the exit code.</param>
    public static Command Does(this Command command, Func<Session, CancellationToken, Task<int>> act)
    {
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var session = new Session(parsed);
            return await act(session, cancellationToken);
        });
        return command;
    }
}
