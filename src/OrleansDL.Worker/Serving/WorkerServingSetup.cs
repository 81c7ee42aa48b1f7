using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OrleansDL.Serving.Residency;

namespace OrleansDL.Serving;

internal static class WorkerServingSetup
{
    /// <summary>What replicas need on a worker.</summary>
    public static IServiceCollection AddWorkerServing(this IServiceCollection services)
    {
        services.TryAddSingleton<LocalReplicas>();
        services.TryAddSingleton<DeploymentReconciler>();
        services.AddSingleton<OnnxModels>();
        services.AddSingleton<IReplicaModels>(provider => provider.GetRequiredService<OnnxModels>());
        services.AddOptionsWithValidateOnStart<ModelMemoryOptions>().BindConfiguration(ModelMemoryOptions.Section).ValidateDataAnnotations();
        services.AddSingleton<ModelMemory>();
        services.AddSingleton<ModelCopies>();
        services.AddSingleton<ModelHostReports>();
        services.AddHostedService(provider => provider.GetRequiredService<ModelHostReports>());
        services.AddHostedService<ReplicaStart>();
        return services;
    }
}
