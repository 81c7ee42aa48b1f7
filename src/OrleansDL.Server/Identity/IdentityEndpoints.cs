using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using OrleansDL.Access;
using OrleansDL.Http;

namespace OrleansDL.Identity;

internal static class IdentityEndpoints
{
    public static void MapIdentity(this IEndpointRouteBuilder v1)
    {
        var tokens = v1.MapGroup("/tokens").WithTags("Identity");
        tokens.MapGet("/", (Paging paging, IGrainFactory grains) => All(grains).ListAsync(paging.Page)).RequireRole(Role.Admin);
        tokens.MapPost("/", async (TokenSpec spec, IGrainFactory grains) =>
        {
            var token = await All(grains).CreateAsync(spec);
            return TypedResults.Created($"/v1/tokens/{token.Token.Id}", token);
        }).RequireRole(Role.Admin);
        tokens.MapDelete("/{id:guid}", (Guid id, IGrainFactory grains) => All(grains).RevokeAsync(id)).RequireRole(Role.Admin);
        v1.MapGet("/whoami", (HttpContext context) => context.Features.GetRequiredFeature<Caller>()).WithTags("Identity").RequireRole(Role.Viewer);
    }

    private static ITokensGrain All(IGrainFactory grains) => grains.GetGrain<ITokensGrain>("all");
}
