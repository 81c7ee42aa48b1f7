using Microsoft.Extensions.DependencyInjection;

namespace OrleansDL.Datasets.Uploads;

internal static class UploadSetup
{
    public static IServiceCollection AddUploads(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<UploadLimits>().BindConfiguration("Datasets:Uploads").ValidateDataAnnotations();
        services.AddSingleton<ProjectBlobs>();
        services.AddSingleton<UploadComparer>();
        services.AddSingleton<SmallFiles>();
        services.AddSingleton<UploadTable>();
        services.AddSingleton<UploadSessions>();
        services.AddSingleton<UploadCommits>();
        services.AddHostedService<UploadSweeper>();
        return services;
    }
}
