using Microsoft.Extensions.DependencyInjection;

namespace OrleansDL.UserCode;

internal static class CodeSetup
{
    public static IServiceCollection AddCode(this IServiceCollection services)
    {
        services.AddOptions<SecretOptions>().BindConfiguration("Secrets");
        return services.AddSingleton<CodeStore>().AddSingleton<CodeArchive>().AddSingleton<SecretKey>().AddSingleton<SecretStore>();
    }
}
