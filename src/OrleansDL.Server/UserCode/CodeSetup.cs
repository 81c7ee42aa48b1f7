using Microsoft.Extensions.DependencyInjection;

namespace OrleansDL.UserCode;

internal static class CodeSetup
{
    public static IServiceCollection AddCode(this IServiceCollection services) => services.AddSingleton<CodeStore>().AddSingleton<CodeArchive>();
}
