using OrleansDL.Identity;

namespace OrleansDL.Datasets;

/// <summary>Selections from the datasets of one project. Key: the project's name. Any number of activations: nothing is kept here.</summary>
[Alias("selections")]
public interface ISelectionsGrain : IGrainWithStringKey
{
    /// <summary>Makes a snapshot of what a query selects, once for what it comes to: repeating answers the same version.</summary>
    /// <param name="dataset">The dataset, or <c>name@VERSION</c>, which stands for <see cref="DatasetSelection.Branch"/>.</param>
    /// <param name="query">What to take.</param>
    /// <param name="dryRun">Only counts, and writes nothing.</param>
    /// <param name="cancellationToken">Stops reading rows; nothing is written then.</param>
    [Alias("select"), Requires(Role.Developer), ResponseTimeout("01:00:00")]
    Task<SelectionResult> SelectAsync(string dataset, DatasetSelection query, bool dryRun, CancellationToken cancellationToken = default);

    /// <summary>The labels of a version in the order of their ids. Null as column means the one that training takes by itself.</summary>
    [Alias("labels"), Requires(Role.Viewer), ResponseTimeout("01:00:00")]
    Task<DatasetLabels> GetLabelsAsync(string reference, string? column);
}
