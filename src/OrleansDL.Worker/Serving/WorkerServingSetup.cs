using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OrleansDL.Inference;
using OrleansDL.Predictors;
using OrleansDL.Serving.Residency;

namespace OrleansDL.Serving;

internal static class WorkerServingSetup
{
    /// <summary>What replicas need on a worker.</summary>
    public static IServiceCollection AddWorkerServing(this IServiceCollection services)
    {
        services.TryAddSingleton<LocalReplicas>();
        services.TryAddSingleton<DeploymentReconciler>();
        services.AddSingleton<ReplicaFolder>();
        services.AddSingleton<OnnxModels>();
        services.AddOptionsWithValidateOnStart<ModelMemoryOptions>().BindConfiguration(ModelMemoryOptions.Section).ValidateDataAnnotations();
        services.AddSingleton<ModelMemory>();
        services.AddSingleton<ModelCopies>();
        services.AddSingleton<ModelHostReports>();
        services.AddHostedService(provider => provider.GetRequiredService<ModelHostReports>());
        services.AddHostedService<ModelsLeave>();
        services.AddOptionsWithValidateOnStart<ExecutionOptions>().BindConfiguration("Serving").ValidateDataAnnotations();
        services.TryAddSingleton<RunWatch>();
        services.AddSingleton<TroubleReports>();
        services.AddSingleton<PredictorHosts>();
        services.AddSingleton<PredictorCode>();
        services.AddSingleton<IReplicaModels, IsolatedModels>();
        services.AddHostedService<ReplicaStart>();
        return services;
    }
}
