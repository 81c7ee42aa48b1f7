using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace OrleansDL.Serving.Logs;

internal static class LogSetup
{
    /// <summary>Lets what is logged be changed while the process runs.</summary>
    public static IServiceCollection AddLogControl(this IServiceCollection services)
    {
        services.AddSingleton<LogControl>();
        services.AddSingleton<IPostConfigureOptions<LoggerFilterOptions>>(provider => provider.GetRequiredService<LogControl>());
        services.AddSingleton<IOptionsChangeTokenSource<LoggerFilterOptions>>(provider => provider.GetRequiredService<LogControl>());
        services.AddSingleton<IPostConfigureOptions<SimpleConsoleFormatterOptions>>(provider => provider.GetRequiredService<LogControl>());
        services.AddSingleton<IOptionsChangeTokenSource<SimpleConsoleFormatterOptions>>(provider => provider.GetRequiredService<LogControl>());
        services.AddSingleton<LogFront>();
        return services;
    }
}
