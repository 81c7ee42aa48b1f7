using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OrleansDL.Lineage;

namespace OrleansDL.Models;

internal static class ModelSetup
{
    public static IServiceCollection AddModels(this IServiceCollection services)
    {
        // Every component that makes something records it, and so adds the log.
        services.TryAddSingleton<LineageLog>();
        return services.AddSingleton<ModelStore>();
    }
}
