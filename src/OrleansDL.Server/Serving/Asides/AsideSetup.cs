using Microsoft.Extensions.DependencyInjection;

namespace OrleansDL.Serving.Asides;

internal static class AsideSetup
{
    public static IServiceCollection AddAsides(this IServiceCollection services)
    {
        services.AddSingleton<ShadowQueue>();
        services.AddHostedService<ShadowRuns>();
        services.AddOptionsWithValidateOnStart<PayloadLogOptions>().BindConfiguration(PayloadLogOptions.Section).ValidateDataAnnotations();
        services.AddSingleton<PayloadMetrics>();
        services.AddSingleton<PayloadQueue>();
        services.AddHostedService<PayloadWriter>();
        return services.AddSingleton<AsideFactory>();
    }
}
