using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansDL.Http;
using OrleansDL.Identity;

namespace OrleansDL.Models;

internal static class LineageEndpoints
{
    public static void MapLineage(this IEndpointRouteBuilder v1) =>
        v1.MapGet("/projects/{project}/lineage", (string project, string reference, IGrainFactory grains, string direction = "up", int depth = 10) =>
            grains.GetGrain<ILineageGrain>(project).WalkAsync(reference, DirectionOf(direction), depth)).WithTags("Models").RequireRole(Role.Viewer);

    private static LineageDirection DirectionOf(string direction) => direction switch
    {
        "up" => LineageDirection.Up,
        "down" => LineageDirection.Down,
        _ => throw new InvalidException($"There is no direction '{direction}': it is 'up' (to the sources) or 'down' (to live deployments)."),
    };
}
