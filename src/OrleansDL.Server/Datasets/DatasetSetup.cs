using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets;

internal static class DatasetSetup
{
    public static IServiceCollection AddDatasets(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<IngestLimits>().BindConfiguration("Datasets").ValidateDataAnnotations();
        services.AddSingleton<DatasetTable>();
        services.AddSingleton<DatasetBlobs>();
        services.AddSingleton<DatasetIngest>();
        services.AddSingleton<DatasetCommits>();
        services.AddSingleton<DatasetRows>();
        services.AddSingleton<DatasetDownloads>();
        return services;
    }
}
