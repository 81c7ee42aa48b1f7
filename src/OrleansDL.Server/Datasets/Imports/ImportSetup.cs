using Microsoft.Extensions.DependencyInjection;

namespace OrleansDL.Datasets.Imports;

internal static class ImportSetup
{
    public static IServiceCollection AddImports(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<ImportOptions>().BindConfiguration("Datasets:Imports").ValidateDataAnnotations();
        services.AddSingleton<INameResolver, DnsResolver>();
        services.AddSingleton<AllowedSources>();
        services.AddSingleton<SourceHttp>();
        services.AddSingleton<HttpSource>();
        services.AddSingleton<S3Source>();
        services.AddSingleton<ImportTable>();
        services.AddSingleton<ImportFetch>();
        services.AddSingleton<ImportListing>();
        services.AddSingleton<ImportWork>();
        services.AddSingleton<ImportJobs>();
        services.AddSingleton<SourceChecks>();
        return services;
    }
}
