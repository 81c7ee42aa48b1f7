using Microsoft.Extensions.DependencyInjection;

namespace OrleansDL.Datasets.Retention;

internal static class RetentionSetup
{
    public static void AddRetention(this IServiceCollection services)
    {
        services.AddSingleton<ExpiryTable>();
        services.AddSingleton<DatasetUsers>();
        services.AddSingleton<DatasetUsages>();
        services.AddSingleton<DatasetCollector>();
        services.AddSingleton<DatasetPruner>();
        services.AddSingleton<DerivedRows>();
        services.AddHostedService<DerivedWorker>();
        services.AddSingleton<RetentionWorker>();
        services.AddHostedService(provider => provider.GetRequiredService<RetentionWorker>());
    }
}
