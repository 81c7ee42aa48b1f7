using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OrleansDL.Datasets.BatchPredictions;
using OrleansDL.Datasets.Branches;
using OrleansDL.Datasets.Exports;
using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Imports;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.PayloadLogs;
using OrleansDL.Datasets.Retention;
using OrleansDL.Datasets.Selection;
using OrleansDL.Datasets.Shards;
using OrleansDL.Datasets.Statistics;
using OrleansDL.Datasets.Uploads;
using OrleansDL.Datasets.Validation;
using OrleansDL.Lineage;
using OrleansDL.Serving;

namespace OrleansDL.Datasets;

internal static class DatasetSetup
{
    public static IServiceCollection AddDatasets(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<IngestLimits>().BindConfiguration("Datasets").ValidateDataAnnotations();
        services.TryAddSingleton<LineageLog>();
        services.AddSingleton<DatasetTable>();
        services.AddSingleton<DatasetBlobs>();
        services.AddSingleton<DatasetIngest>();
        services.AddSingleton<FileSummaryTable>();
        services.AddSingleton<FileSummaries>();
        services.AddSingleton<CommitValidation>();
        services.AddSingleton<DryRun>();
        services.AddSingleton<VersionStatistics>();
        services.AddSingleton<DatasetCommits>();
        services.AddSingleton<BranchTable>();
        services.AddSingleton<DatasetHistory>();
        services.AddSingleton<DatasetDiffs>();
        services.AddSingleton<DatasetMerges>();
        services.AddRetention();
        services.AddSingleton<DatasetUploads>();
        services.AddSingleton<DatasetRows>();
        services.AddSingleton<DatasetDownloads>();
        services.AddDatasetFormats();
        services.AddDatasetExports();
        services.AddSelections();
        services.AddDatasetShards();
        services.AddUploads();
        services.AddImports();
        services.AddBatchPredictions();
        services.AddSingleton<IPayloadCommits, PayloadCommits>();
        return services;
    }
}
