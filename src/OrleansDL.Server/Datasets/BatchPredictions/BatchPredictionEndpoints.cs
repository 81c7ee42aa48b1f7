using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using OrleansDL.Access;
using OrleansDL.Datasets.Formats;
using OrleansDL.Http;
using OrleansDL.Identity;
using OrleansDL.Serving;

namespace OrleansDL.Datasets.BatchPredictions;

internal static class BatchPredictionEndpoints
{
    public static void MapBatchPredictions(this IEndpointRouteBuilder v1)
    {
        var predictions = v1.MapGroup("/projects/{project}/batch-predictions").WithTags("Batch predictions");
        predictions.MapPost("/", StartAsync).RequireRole(Role.Developer);
        predictions.MapGet("/", (string project, Paging paging, BatchPredictionTable table) => table.ListAsync(project, paging.Page)).RequireRole(Role.Viewer);
        predictions.MapGet("/{prediction}", (string project, string prediction, BatchPredictionTable table) => FindAsync(project, prediction, table)).RequireRole(Role.Viewer);
        predictions.MapPost("/{prediction}/cancel", async (string project, string prediction, BatchPredictionTable table, IGrainFactory grains) =>
            await grains.GetGrain<IBatchPredictionGrain>((await FindAsync(project, prediction, table)).Id).CancelAsync()).RequireRole(Role.Developer);
    }

    private static async Task<Accepted<BatchPrediction>> StartAsync(
        string project, BatchPredictionSpec spec, HttpContext context, Idempotency ids, IOptions<BatchPredictionOptions> options, TimeProvider time, IGrainFactory grains)
    {
        if (spec.Top is < 1 or > BatchPredictionSpec.MaximumTop)
        {
            throw new InvalidException($"top {spec.Top} is out of range: 1 to {BatchPredictionSpec.MaximumTop}.");
        }

        AnswerLines.Check(spec.Keep);
        DatasetReference.CheckBranch(spec.Branch);
        var datasets = grains.GetGrain<IDatasetsGrain>(project);
        var input = await datasets.ResolveAsync(spec.Dataset);
        if (input.Rows == 0)
        {
            throw new InvalidException($"{input.DatasetName}@v{input.Version} has no row to predict. Name a version with rows.");
        }

        if (input.Kind is DatasetKind.Files)
        {
            throw new InvalidException($"'{input.DatasetName}' holds plain files, which have no rows that a deployment takes. Name a dataset of kind table, text or image.");
        }

        RequestRows.Check(Projection.Of(input, null).Columns);
        if (Projection.Of(input, spec.Keep).Columns.FirstOrDefault(column => column.Type is ColumnType.Image or ColumnType.Tensor) is { } bytes)
        {
            throw new InvalidException($"The column '{bytes.Name}' cannot be kept: it holds bytes, and the answers are lines of text. Keep other columns; 'row' leads back to the row.");
        }

        _ = await grains.GetGrain<IDeploymentsGrain>(project).GetAsync(spec.Deployment);
        var id = await ids.IdAsync(context, project, spec);
        var output = await OutputAsync(datasets, spec, time);
        var started = await grains.GetGrain<IBatchPredictionGrain>(id).StartAsync(new BatchPrediction
        {
            Id = id,
            Project = project,
            Spec = spec,
            Status = BatchPredictionStatus.Running,
            Author = context.Features.GetRequiredFeature<Caller>().Title,
            CreatedAt = time.GetUtcNow(),
            Dataset = input.Dataset,
            Commit = input.Commit,
            Output = output.Id,
            Rows = input.Rows,
            PartRows = options.Value.PartRows,
        });
        return TypedResults.Accepted($"/v1/projects/{project}/batch-predictions/{id}", started);
    }

    private static async Task<Dataset> OutputAsync(IDatasetsGrain datasets, BatchPredictionSpec spec, TimeProvider time)
    {
        Dataset output;
        try
        {
            output = await datasets.GetAsync(spec.Output);
        }
        catch (NotFoundException) when (!Guid.TryParse(spec.Output, out _))
        {
            output = await datasets.CreateAsync(Guid.CreateVersion7(time.GetUtcNow()), new DatasetSpec { Name = spec.Output, Kind = DatasetKind.Table, Description = $"What {spec.Deployment} predicted" });
        }

        return output.Kind is DatasetKind.Table
            ? output
            : throw new InvalidException($"'{output.Name}' is a dataset of kind {output.Kind}; predictions come into one of kind table. Name another, or one that is not there yet.");
    }

    private static async Task<BatchPrediction> FindAsync(string project, string id, BatchPredictionTable table) =>
        Guid.TryParse(id, out var known) && await table.FindAsync(known) is { } prediction && prediction.Project == project
            ? prediction
            : throw new NotFoundException($"Project '{project}' has no batch prediction '{id}'. GET /v1/projects/{project}/batch-predictions lists them.");
}
