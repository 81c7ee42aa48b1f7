using Microsoft.Extensions.DependencyInjection;

namespace OrleansDL.Datasets.BatchPredictions;

internal static class BatchPredictionSetup
{
    public static IServiceCollection AddBatchPredictions(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<BatchPredictionOptions>().BindConfiguration("Datasets:BatchPredictions").ValidateDataAnnotations();
        services.AddSingleton<BatchPredictionTable>();
        services.AddSingleton<BatchPredictionWork>();
        services.AddSingleton<BatchPredictionJobs>();
        return services;
    }
}
