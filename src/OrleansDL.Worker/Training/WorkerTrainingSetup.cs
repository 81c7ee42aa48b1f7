using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Training.Sandbox;

namespace OrleansDL.Training;

internal static class WorkerTrainingSetup
{
    public static IServiceCollection AddWorkerTraining(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<TrainerOptions>().BindConfiguration("Training").ValidateDataAnnotations();
        return services
            .AddSingleton<ShardCache>()
            .AddSingleton<RunShards>()
            .AddSingleton<Isolation>()
            .AddSingleton<CodeRuns>()
            .AddSingleton<RunnerPool>()
            .AddSingleton<Trainer>()
            .AddSingleton<WorkerAgent>()
            .AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<WorkerAgent>());
    }
}
