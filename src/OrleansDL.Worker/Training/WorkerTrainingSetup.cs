using Microsoft.Extensions.DependencyInjection;

namespace OrleansDL.Training;

internal static class WorkerTrainingSetup
{
    public static IServiceCollection AddWorkerTraining(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<TrainerOptions>().BindConfiguration("Training").ValidateDataAnnotations();
        return services
            .AddSingleton<ShardCache>()
            .AddSingleton<RunShards>()
            .AddSingleton<Trainer>()
            .AddSingleton<WorkerAgent>()
            .AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<WorkerAgent>());
    }
}
