using Microsoft.Extensions.DependencyInjection;

namespace OrleansDL.Datasets.Selection;

internal static class SelectionSetup
{
    public static IServiceCollection AddSelections(this IServiceCollection services)
    {
        services.AddSingleton<SelectionTable>();
        services.AddSingleton<SelectionPlans>();
        services.AddSingleton<SelectionScan>();
        services.AddSingleton<FileCutter>();
        services.AddSingleton<TableCutter>();
        services.AddSingleton<LabelLists>();
        services.AddSingleton<DatasetSelections>();
        return services;
    }
}
