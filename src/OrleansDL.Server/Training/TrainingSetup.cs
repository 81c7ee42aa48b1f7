using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Workers;

namespace OrleansDL.Training;

internal static class TrainingSetup
{
    public static IServiceCollection AddTraining(this IServiceCollection services) => services
        .AddSingleton<TrainingTables>()
        .AddSingleton<WorkerDoor>()
        .AddSingleton<WorkerList>();
}
