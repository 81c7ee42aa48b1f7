using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Jobs;

namespace OrleansDL.Datasets.Imports;

/// <summary>Works on imports in the background of this node.</summary>
internal sealed partial class ImportJobs
{
    private readonly ImportWork _work;
    private readonly IGrainFactory _grains;
    private readonly BlobStore _blobs;
    private readonly ILogger _logger;
    private readonly JobRunner _runner;

    public ImportJobs(
        ImportTable table, ImportWork work, IGrainFactory grains, IHostApplicationLifetime lifetime, BlobStore blobs, TimeProvider time, ILogger<ImportJobs> logger)
    {
        (_work, _grains, _blobs, _logger) = (work, grains, blobs, logger);
        _runner = new JobRunner(table.Claims, time, LogFailed, lifetime.ApplicationStopping);
    }

    /// <summary>Begins, unless this node works on it already.</summary>
    public void Begin(DatasetImport import, string project) => _runner.Begin(import.Id, async (_, stop) =>
    {
        ImportOutcome outcome;
        try
        {
            var version = await _work.RunAsync(import, project, stop);
            outcome = new ImportOutcome { Version = version.Version };
        }
        catch (OrleansDLException e)
        {
            outcome = new ImportOutcome { Error = e.Message };
        }

        await _grains.GetGrain<IImportGrain>(import.Id).FinishAsync(outcome);
    });

    /// <summary>Stops what this node does on it; another node notices by its next heartbeat.</summary>
    public void Stop(Guid import) => _runner.Stop(import);

    /// <summary>Removes what was fetched in part.</summary>
    public void Forget(Guid import) => ImportWork.Stage(_blobs, import).Delete();

    [LoggerMessage(LogLevel.Error, "Import {Import} was interrupted inside the server; it begins again where it was")]
    private partial void LogFailed(Guid import, Exception exception);
}
