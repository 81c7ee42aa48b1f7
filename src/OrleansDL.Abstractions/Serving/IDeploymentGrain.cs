using OrleansDL.Identity;

namespace OrleansDL.Serving;

/// <summary>One deployment, keyed by its id: which version it should serve, and on which workers it does.</summary>
[Alias("deployment-grain")]
public interface IDeploymentGrain : IGrainWithGuidKey, IWakeable
{
    [Alias("create")] Task<Deployment> CreateAsync(string project, DeploymentSpec spec);
    [Alias("get"), Requires(Role.Viewer)] Task<Deployment> GetAsync();

    /// <summary>Changes what is wanted. <paramref name="changeId"/> makes a repeat harmless. Returns at once; the old version answers until the new one is ready.</summary>
    [Alias("update"), Requires(Role.Developer)] Task<Deployment> UpdateAsync(Guid changeId, DeploymentSpec spec, string? ifMatch);

    /// <summary>The generation that stands for an ensemble's generation with what its steps answered by. Asking again gives the same.</summary>
    /// <param name="generation">The ensemble's.</param>
    /// <param name="steps">Generations of the steps that ran, in the order of the steps; 0 for one that did not.</param>
    [Alias("combine")] Task<long> CombineAsync(long generation, IReadOnlyList<long> steps);

    /// <summary>Has a generation loaded that is loaded on demand. Whoever asks meanwhile gets the same answer; one that failed is not tried again for a while.</summary>
    /// <param name="generation">Number of the generation.</param>
    /// <param name="awaited">Whether a request waits for it; else the list of workers is asked for anew.</param>
    [Alias("summon")] Task<Summoned> SummonAsync(long generation, bool awaited = true);

    /// <summary>A worker asks for a further copy of what it has on demand, or whether its own may go. It repeats itself while that is so.</summary>
    /// <returns>Whether there is a further copy; whether the worker's may go.</returns>
    [Alias("scale")] Task<bool> ScaleAsync(long generation, string worker, bool more);

    /// <summary>A worker tells what went wrong with a generation it serves. It is shown until the generation is replaced.</summary>
    [Alias("report")] Task ReportAsync(long generation, ReplicaTrouble trouble);

    [Alias("delete"), Requires(Role.Developer)] Task DeleteAsync(string? ifMatch);
}
