using Cronos;
using OrleansDL.Expressions;

namespace OrleansDL.Workflows.Definitions;

/// <summary>What starts a run by itself: commits of a dataset, or a schedule.</summary>
internal sealed record TriggerDefinition
{
    /// <summary>Name of the dataset whose commits start runs; null for a schedule.</summary>
    public string? Dataset { get; init; }

    /// <summary>The branch whose commits start runs.</summary>
    public string Branch { get; init; } = "main";

    /// <summary>Over <c>event</c>: only commits for which it is true.</summary>
    public Expression? When { get; init; }

    /// <summary>Quiet time after a commit before the run starts; another commit meanwhile starts it anew.</summary>
    public TimeSpan? Debounce { get; init; }

    public string? Cron { get; init; }
    public CronExpression? Schedule { get; init; }
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>What happens to times missed while no node ran: <c>none</c>, <c>latest</c> or <c>all</c>.</summary>
    public string CatchUp { get; init; } = "latest";
    public required Place At { get; init; }
}
