using System.ComponentModel.DataAnnotations;

namespace OrleansDL.Serving;

/// <summary>Settings of executions on a worker, section <c>Serving</c>.</summary>
internal sealed class ExecutionOptions
{
    /// <summary>Seconds an execution may take where its deployment says nothing; then it is ended, and a process that does not end it is.</summary>
    [Range(0.1, 86400)]
    public double HangSeconds { get; set; } = 300;

    /// <summary>Memory that a process of a project's isolated models may take with all it starts; null: as much as the worker has. A deployment may ask for a process of its own.</summary>
    [Range(ProcessSpecRules.LeastMemory, long.MaxValue)]
    public long? IsolatedMemoryBytes { get; set; }

    /// <summary>Cores' worth of processor time of such a process, where there are control groups for that; null: as much as there is.</summary>
    [Range(0.1, 1024)]
    public double? IsolatedCpus { get; set; }

    public TimeSpan LimitOf(ReplicaSpec spec) => TimeSpan.FromSeconds(spec.HangSeconds ?? HangSeconds);
}
