using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets.Formats;

internal static class FormatSetup
{
    public static IServiceCollection AddDatasetFormats(this IServiceCollection services)
    {
        services.AddSingleton<RowIndexes>();
        services.AddSingleton<RowSeek>();
        services.AddSingleton<CsvReader>();
        services.AddSingleton<JsonLinesReader>();
        services.AddSingleton<FileReader>();
        services.AddSingleton<ParquetTables>();
        services.AddSingleton<ArrowTables>();
        services.AddSingleton<NpyTables>();
        services.AddSingleton<IdxTables>();
        services.AddSingleton<WebDatasetTables>();
        services.AddSingleton<FormatReaders>();
        services.AddSingleton<TableIngest>();
        services.AddSingleton<DatasetReader>();
        return services;
    }
}
