using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OrleansDL.Lineage;
using OrleansDL.Workers;

namespace OrleansDL.Training;

internal static class TrainingSetup
{
    public static IServiceCollection AddTraining(this IServiceCollection services)
    {
        services.TryAddSingleton<LineageLog>();
        return services
            .AddSingleton<TrainingTables>()
            .AddSingleton<WorkerDoor>()
            .AddSingleton<WorkerList>()
            .AddSingleton<PoolList>();
    }
}
