using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Serving;
using OrleansDL.Telemetry;

namespace OrleansDL.Monitoring;

internal static class MonitoringSetup
{
    public static IServiceCollection AddMonitoring(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<MetricsOptions>().BindConfiguration("Telemetry:Metrics").ValidateDataAnnotations();
        services.AddOptionsWithValidateOnStart<MonitoringOptions>().BindConfiguration("Monitoring").ValidateDataAnnotations();
        services.AddSingleton<ServingWindows>();
        services.AddSingleton<IServingObserver>(provider => provider.GetRequiredService<ServingWindows>());
        services.AddSingleton<IShadowObserver>(provider => provider.GetRequiredService<ServingWindows>());
        services.AddSingleton<PrometheusExporter>();
        services.AddHostedService(provider => provider.GetRequiredService<PrometheusExporter>());
        services.AddSingleton<WindowStore>();
        services.AddSingleton<FeedbackStore>();
        services.AddSingleton<MonitoringMetrics>();
        services.AddSingleton<WindowFlusher>();
        return services.AddHostedService(provider => provider.GetRequiredService<WindowFlusher>());
    }
}
