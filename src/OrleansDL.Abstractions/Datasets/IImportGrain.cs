using OrleansDL.Identity;

namespace OrleansDL.Datasets;

/// <summary>One import, keyed by its id. It remembers that the import is to be done; a service of the node fetches.</summary>
[Alias("import-grain")]
public interface IImportGrain : IGrainWithGuidKey, IWakeable
{
    /// <summary>Starts the import. Repeating does nothing.</summary>
    [Alias("start")] Task<DatasetImport> StartAsync(Dataset dataset, ImportSpec spec, string author);
    [Alias("get"), Requires(Role.Viewer)] Task<DatasetImport> GetAsync();

    /// <summary>Ends it; what was fetched is thrown away. An import that is over stays as it is.</summary>
    [Alias("cancel"), Requires(Role.Developer)] Task<DatasetImport> CancelAsync();

    /// <summary>The work is done or has failed for good. Repeating does nothing.</summary>
    [Alias("finish")] Task FinishAsync(ImportOutcome outcome);
}
