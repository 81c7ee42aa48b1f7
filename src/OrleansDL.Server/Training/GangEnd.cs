using System.Globalization;

namespace OrleansDL.Training;

/// <summary>What the end of one rank means for the attempt of all.</summary>
internal static class GangEnd
{
    /// <summary>Takes the end of a process. The attempt's outcome is there when rank 0 is done, when a rank failed of its own doing, or when all have ended.</summary>
    public static TrainingRunState Take(TrainingRunState state, RunOutcome outcome)
    {
        if (state.Gang is not { } gang)
        {
            return state with { Outcome = outcome };
        }

        if (gang.Ends.Any(end => end.Rank == outcome.Rank))
        {
            return state;
        }

        var ends = (IReadOnlyList<RunOutcome>)[.. gang.Ends, outcome];
        return state with { Gang = gang with { Ends = ends }, Outcome = Decide(state.Members!, ends) };
    }

    /// <summary>Whether the others cannot go on: a rank has ended, and not because its work is done.</summary>
    public static bool IsBroken(TrainingRunState state) => state.Gang?.Ends.Any(end => end.Kind is not RunOutcomeKind.Done) ?? false;

    private static RunOutcome? Decide(IReadOnlyList<GrantMember> members, IReadOnlyList<RunOutcome> ends)
    {
        // The artifact is rank 0's; the others are done when they hold the same weights.
        if (ends.FirstOrDefault(end => end is { Rank: 0, Kind: RunOutcomeKind.Done }) is { } done)
        {
            return done;
        }

        // A rank that lost its companion says that it is lost. Whatever else one says is the cause, and may come after that.
        var cause = ends.FirstOrDefault(end => end.Kind is not (RunOutcomeKind.Done or RunOutcomeKind.Lost or RunOutcomeKind.Stopped))
            ?? (ends.Count < members.Count ? null : ends.FirstOrDefault(end => end.Kind is not RunOutcomeKind.Done));
        return cause is null ? null : cause with
        {
            Reason = string.Create(CultureInfo.InvariantCulture, $"Rank {cause.Rank} on worker '{members[cause.Rank].Worker}': {cause.Reason}"),
        };
    }
}
