using Microsoft.Extensions.DependencyInjection;

namespace OrleansDL.Serving.Asides;

internal static class AsideSetup
{
    public static IServiceCollection AddAsides(this IServiceCollection services)
    {
        services.AddSingleton<ShadowQueue>();
        services.AddHostedService<ShadowRuns>();
        return services.AddSingleton<AsideFactory>();
    }
}
