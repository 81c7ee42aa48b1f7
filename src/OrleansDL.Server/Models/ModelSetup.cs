using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Lineage;

namespace OrleansDL.Models;

internal static class ModelSetup
{
    public static IServiceCollection AddModels(this IServiceCollection services) => services
        .AddSingleton<LineageLog>()
        .AddSingleton<ModelStore>();
}
