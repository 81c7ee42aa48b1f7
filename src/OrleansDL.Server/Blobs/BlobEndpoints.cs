using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using OrleansDL.Http;
using OrleansDL.Identity;

namespace OrleansDL.Blobs;

internal static class BlobEndpoints
{
    public static void MapBlobs(this IEndpointRouteBuilder v1)
    {
        var blobs = v1.MapGroup("/admin/blobs").WithTags("Administration");
        blobs.MapPost("/sweep", (bool? dryRun, BlobStore store, TimeProvider time, IOptions<BlobOptions> options, CancellationToken cancel) =>
            store.SweepAsync(time.GetUtcNow() - options.Value.Grace, dryRun ?? false, orphans: true, cancel)).RequireRole(Role.Admin);
    }
}
