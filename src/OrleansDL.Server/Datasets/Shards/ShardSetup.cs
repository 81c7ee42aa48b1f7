using Microsoft.Extensions.DependencyInjection;

namespace OrleansDL.Datasets.Shards;

internal static class ShardSetup
{
    public static IServiceCollection AddDatasetShards(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<ShardOptions>().BindConfiguration("Datasets:Shards").ValidateDataAnnotations();
        services.AddSingleton<ShardTable>();
        services.AddSingleton<DatasetShards>();
        services.AddSingleton<ShardJobs>();
        services.AddSingleton<DatasetBatches>();
        services.AddHostedService<ShardCollector>();
        return services;
    }
}
