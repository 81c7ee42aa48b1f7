using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using OrleansDL.Blobs;
using OrleansDL.Http;
using OrleansDL.Identity;

namespace OrleansDL.Datasets.Shards;

/// <summary>A version to be read for training: as MDS shards, or as Arrow record batches.</summary>
internal static class ShardEndpoints
{
    /// <summary>How long <c>index.json</c> waits for shards that are being made, before it says to ask again.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(0.1);

    public static void MapDatasetShards(this IEndpointRouteBuilder v1)
    {
        var version = v1.MapGroup("/projects/{project}/datasets/{dataset}/versions/{version}").WithTags("Datasets");
        version.MapPost("/mds", async (string project, string dataset, string version, IGrainFactory grains) =>
        {
            var (_, shards) = await FindAsync(grains, project, dataset, version);
            return await shards.PrepareAsync() is { State: ShardState.Ready } ready ? Results.Ok(ready) : Results.Accepted(value: await shards.GetAsync());
        }).RequireRole(Role.Viewer).Produces<ShardStatus>().Produces<ShardStatus>(StatusCodes.Status202Accepted);
        version.MapGet("/mds", async (string project, string dataset, string version, IGrainFactory grains) =>
            await (await FindAsync(grains, project, dataset, version)).Shards.GetAsync()).RequireRole(Role.Viewer);
        version.MapGet("/mds/index.json", IndexAsync).RequireRole(Role.Viewer);
        version.MapGet("/mds/{shard}", ShardAsync).RequireRole(Role.Viewer);
        version.MapGet("/batches", BatchesAsync).RequireRole(Role.Viewer);
    }

    private static async Task<ContentHttpResult> IndexAsync(
        string project, string dataset, string version, IGrainFactory grains, TimeProvider time, CancellationToken cancel)
    {
        var (found, grain) = await FindAsync(grains, project, dataset, version);
        var status = await grain.PrepareAsync();
        for (var begun = time.GetTimestamp(); status.State is ShardState.Building && time.GetElapsedTime(begun) < Patience; status = await grain.GetAsync())
        {
            await Task.Delay(Look, time, cancel);
        }

        if (status.State is not ShardState.Ready)
        {
            throw status.State is ShardState.Failed
                ? new InvalidException($"The shards of {found.DatasetName}@v{found.Version} cannot be made: {status.Error}")
                : new NoCapacityException($"The shards of {found.DatasetName}@v{found.Version} are being made: {status.RowsDone} of {status.Rows} rows. Ask again.");
        }

        var entries = new List<MdsIndexEntry>();
        var page = new PageRequest { Size = PageRequest.MaximumSize };
        do
        {
            var part = await grain.ListAsync(page);
            entries.AddRange(part.Items.Select(shard => new MdsIndexEntry
            {
                Name = shard.Name,
                Blob = shard.Blob,
                Bytes = shard.Bytes,
                Samples = shard.Samples,
                Encodings = shard.Encodings,
            }));
            page = page with { Token = part.NextPageToken };
        }
        while (page.Token is not null);
        return TypedResults.Text(MdsFormat.Index(MdsColumns.Of(found.Kind, found.Schema), entries), "application/json", Encoding.ASCII);
    }

    /// <summary>One shard, with its digest; ranges are answered.</summary>
    private static async Task<FileStreamHttpResult> ShardAsync(
        string project, string dataset, string version, string shard, HttpResponse response, BlobStore blobs, IGrainFactory grains, CancellationToken cancel)
    {
        var (found, grain) = await FindAsync(grains, project, dataset, version);
        var number = NumberOf(shard);
        var page = number is null ? null : await grain.ListAsync(new PageRequest { Size = 1, Token = number == 0 ? null : OrleansDL.Database.PageTokens.Encode(number.Value.ToString(CultureInfo.InvariantCulture)) });
        if (page is not { Items: [var one] } || one.Name != shard)
        {
            throw new NotFoundException($"{found.DatasetName}@v{found.Version} has no shard '{shard}'. GET .../versions/v{found.Version}/mds/index.json lists them.");
        }

        response.Headers["Repr-Digest"] = $"sha-256=:{Convert.ToBase64String(Convert.FromHexString(one.Blob.Hex))}:";
        return TypedResults.Stream(
            await blobs.OpenReadAsync(one.Blob, cancel), "application/octet-stream", shard, lastModified: null,
            entityTag: new EntityTagHeaderValue($"\"{one.Blob.Hex}\""), enableRangeProcessing: true);
    }

    private static async Task<EmptyHttpResult> BatchesAsync(
        string project, string dataset, string version, string? columns, long? firstRow, long? rows, string? split, HttpResponse response, DatasetBatches batches,
        IGrainFactory grains, CancellationToken cancel)
    {
        if (firstRow < 0 || rows < 0)
        {
            throw new InvalidException("firstRow and rows are counted from 0: neither is negative.");
        }

        var (found, _) = await FindAsync(grains, project, dataset, version);
        var named = columns?.Split(',', StringSplitOptions.RemoveEmptyEntries);
        _ = Formats.Projection.Of(found, named);
        response.ContentType = "application/vnd.apache.arrow.stream";
        await batches.WriteAsync(found, named, firstRow ?? 0, rows, string.IsNullOrEmpty(split) ? null : split, response.Body, cancel);
        return TypedResults.Empty;
    }

    private static int? NumberOf(string shard)
    {
        var parts = shard.Split('.');
        return parts is ["shard", var digits, "mds"] && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private static async Task<(DatasetVersion Version, IDatasetShardsGrain Shards)> FindAsync(IGrainFactory grains, string project, string dataset, string version)
    {
        var found = await grains.GetGrain<IDatasetsGrain>(project).ResolveAsync($"{dataset}@{version}");
        return (found, grains.GetGrain<IDatasetShardsGrain>(DatasetShard.KeyOf(project, found.Dataset, found.Commit)));
    }
}
