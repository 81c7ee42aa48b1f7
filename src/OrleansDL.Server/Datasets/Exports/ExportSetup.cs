using Microsoft.Extensions.DependencyInjection;

namespace OrleansDL.Datasets.Exports;

internal static class ExportSetup
{
    public static IServiceCollection AddDatasetExports(this IServiceCollection services)
    {
        services.AddSingleton<RowQueries>();
        services.AddSingleton<CroissantExport>();
        services.AddSingleton<DatasetExports>();
        return services;
    }
}
