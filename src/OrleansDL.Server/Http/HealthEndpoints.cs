using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using OrleansDL.Database;

namespace OrleansDL.Http;

/// <summary>Liveness and readiness, open to all: a load balancer has no token.</summary>
public static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", () => new { live = true }).WithTags("Health").OpenToAll();
        routes.MapGet("/health/ready", async Task<IResult> (IHostApplicationLifetime lifetime, Db database, CancellationToken cancel) =>
        {
            var up = lifetime.ApplicationStarted.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested;
            if (up)
            {
                try
                {
                    await using var connection = await database.OpenAsync(cancel);
                    await connection.ExecuteScalarAsync<int>("SELECT 1");
                }
                catch (System.Data.Common.DbException)
                {
                    up = false;
                }
            }

            return Results.Json(new { ready = up }, statusCode: up ? 200 : 503);
        }).WithTags("Health").OpenToAll();
    }
}
