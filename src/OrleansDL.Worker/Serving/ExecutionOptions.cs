using System.ComponentModel.DataAnnotations;

namespace OrleansDL.Serving;

/// <summary>Settings of executions on a worker, section <c>Serving</c>.</summary>
internal sealed class ExecutionOptions
{
    /// <summary>Seconds an execution may take where its deployment says nothing; then it is ended, and a process that does not end it is.</summary>
    [Range(0.1, 86400)]
    public double HangSeconds { get; set; } = 300;

    public TimeSpan LimitOf(ReplicaSpec spec) => TimeSpan.FromSeconds(spec.HangSeconds ?? HangSeconds);
}
