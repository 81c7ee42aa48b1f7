using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OrleansDL.Serving.Asides;
using OrleansDL.Serving.Caching;
using OrleansDL.Serving.Ensembles;
using OrleansDL.Serving.Generation;
using OrleansDL.Serving.Limits;
using OrleansDL.Serving.Logs;
using OrleansDL.Serving.OpenAi;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Repository;
using OrleansDL.Serving.Residency;
using OrleansDL.Serving.Rpc;
using OrleansDL.Serving.SharedMemory;
using OrleansDL.Serving.Statistics;
using OrleansDL.Serving.Tracing;
using OrleansDL.Telemetry;

namespace OrleansDL.Serving;

internal static class ServingSetup
{
    /// <summary>What the front and the deployment grains need. An <see cref="IServingObserver"/> comes with the metrics store.</summary>
    public static IServiceCollection AddServing(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<ServingOptions>().BindConfiguration(ServingOptions.Section).ValidateDataAnnotations();
        services.TryAddSingleton<LocalReplicas>();
        services.TryAddSingleton<DeploymentReconciler>();
        services.AddSingleton<DeploymentTables>();
        services.AddSingleton<ReplicaDoor>();
        services.AddSingleton<WantedVersions>();
        services.AddAsides();
        services.AddSingleton<ResponseCaches>();
        services.AddSingleton<EnsembleTable>();
        services.AddSingleton<EnsembleDoor>();
        services.AddSingleton<EnsembleGenerations>();
        services.AddSingleton<EnsembleSteps>();
        services.AddSingleton(provider => new RouteTable(provider.GetRequiredService<IGrainFactory>(), route => provider.GetRequiredService<EnsembleSteps>().Replica(route), provider.GetRequiredService<AsideFactory>(), provider.GetRequiredService<ResponseCaches>()));
        services.AddSingleton<RouteSync>();
        services.AddHostedService(provider => provider.GetRequiredService<RouteSync>());
        services.AddHostedService<WorkerWatch>();
        services.AddOptionsWithValidateOnStart<ResidencyOptions>().BindConfiguration(ResidencyOptions.Section).ValidateDataAnnotations();
        services.AddSingleton<ModelDirectory>();
        services.AddSingleton<ModelPlacement>();
        services.AddTransient<Summons>();
        services.AddSingleton<ResidencyMetrics>();
        services.AddSingleton<ResidentRoutes>();
        services.AddSingleton<Router>();
        services.AddSingleton<RateLimits>();
        services.AddSingleton<RateLimitMetrics>();
        services.AddSingleton<Predictions>();
        services.AddSingleton<InferenceAccess>();
        services.AddSingleton<InferenceModels>();
        services.AddSingleton<ServerReadiness>();
        services.AddSingleton<InferenceStatistics>();
        services.AddSingleton<IMetricsText, ProtocolMetrics>();
        services.AddSingleton<HeaderForwarding>();
        services.AddSingleton<InferenceFront>();
        services.AddSingleton<SettingsFront>();
        services.AddOptionsWithValidateOnStart<SharedMemoryOptions>().BindConfiguration(SharedMemoryOptions.Section).ValidateDataAnnotations();
        services.AddSingleton<RegionTable>();
        services.AddSingleton<SharedMemoryDoor>();
        services.AddSingleton<SharedMemoryFront>();
        services.AddOptionsWithValidateOnStart<TraceOptions>().BindConfiguration(TraceOptions.Section).ValidateDataAnnotations();
        services.AddSingleton<Tracer>();
        services.AddSingleton<TraceFront>();
        services.AddLogControl();
        services.AddSingleton<Generations>();
        services.AddSingleton<DecoupledAnswers>();
        services.AddSingleton<GenerateFront>();
        services.AddSingleton<OpenAiFront>();
        services.AddOptionsWithValidateOnStart<RepositoryOptions>().BindConfiguration(RepositoryOptions.Section).ValidateDataAnnotations();
        services.AddSingleton<ModelRepository>();
        services.AddSingleton<RepositoryStart>();
        services.AddHostedService(provider => provider.GetRequiredService<RepositoryStart>());
        services.AddSingleton<RepositoryFront>();
        services.AddInferenceRpc();
        return services;
    }
}
