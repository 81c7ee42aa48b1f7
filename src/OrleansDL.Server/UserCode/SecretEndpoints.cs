using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansDL.Http;
using OrleansDL.Identity;

namespace OrleansDL.UserCode;

internal static class SecretEndpoints
{
    public static void MapSecrets(this IEndpointRouteBuilder v1)
    {
        var secrets = v1.MapGroup("/projects/{project}/secrets").WithTags("Code");
        secrets.MapGet("/", (string project, Paging paging, IGrainFactory grains) => Secrets(grains, project).ListAsync(paging.Page)).RequireRole(Role.Viewer);
        secrets.MapPut("/{secret}", (string project, string secret, SecretValue body, IGrainFactory grains) =>
            Secrets(grains, project).SetAsync(secret, body.Value ?? "")).RequireRole(Role.Developer);
        secrets.MapDelete("/{secret}", async (string project, string secret, IGrainFactory grains) =>
        {
            await Secrets(grains, project).DeleteAsync(secret);
            return TypedResults.NoContent();
        }).RequireRole(Role.Developer);
    }

    private static ISecretsGrain Secrets(IGrainFactory grains, string project) => grains.GetGrain<ISecretsGrain>(project);
}
