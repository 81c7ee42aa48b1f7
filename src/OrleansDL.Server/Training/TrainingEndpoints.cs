using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using OrleansDL.Blobs;
using OrleansDL.Events;
using OrleansDL.Http;
using OrleansDL.Identity;
using OrleansDL.Projects;

namespace OrleansDL.Training;

internal static class TrainingEndpoints
{
    private const int MaximumWaitSeconds = 60;
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(5);

    public static void MapTraining(this IEndpointRouteBuilder v1)
    {
        var runs = v1.MapGroup("/projects/{project}/training-runs").WithTags("Training");
        runs.MapGet("/", (string project, string? status, Paging paging, IGrainFactory grains) =>
            Runs(grains, project).ListAsync(StatusOf(status), paging.Page)).RequireRole(Role.Viewer);
        runs.MapPost("/", async (HttpContext context, string project, TrainingSpec spec, Idempotency ids, IGrainFactory grains) =>
        {
            var run = await Runs(grains, project).CreateAsync(await ids.IdAsync(context, project, spec), await RunSelection.ResolveAsync(grains, project, spec));
            return TypedResults.Accepted($"/v1/projects/{project}/training-runs/{run.Name}", run);
        }).RequireRole(Role.Developer);
        runs.MapPost("/check", async (string project, TrainingSpec spec, IGrainFactory grains) =>
            await Runs(grains, project).SummarizeAsync(await RunSelection.CheckAsync(grains, project, spec))).RequireRole(Role.Viewer);
        runs.MapGet("/{run}", GetAsync).RequireRole(Role.Viewer);
        runs.MapPost("/{run}/cancel", async (string project, string run, NameTable names, IGrainFactory grains) =>
        {
            var id = await names.ResolveAsync(project, ThingKind.TrainingRun, run);
            return TypedResults.Accepted($"/v1/projects/{project}/training-runs/{run}", await grains.GetGrain<ITrainingRunGrain>(id).CancelAsync());
        }).RequireRole(Role.Developer);
        runs.MapGet("/{run}/metrics", (string project, string run, string? name, Paging paging, IGrainFactory grains) =>
            Runs(grains, project).ListMetricsAsync(run, name, paging.Page)).RequireRole(Role.Viewer);
        runs.MapGet("/{run}/logs", LogsAsync).RequireRole(Role.Viewer);
        runs.MapGet("/{run}/checkpoints", async (string project, string run, NameTable names, IGrainFactory grains) => new Page<Checkpoint>
        {
            Items = await grains.GetGrain<ITrainingRunGrain>(await names.ResolveAsync(project, ThingKind.TrainingRun, run)).ListCheckpointsAsync(),
        }).RequireRole(Role.Viewer);
        runs.MapGet("/{run}/artifact/{**file}", DownloadAsync).RequireRole(Role.Viewer);
    }

    /// <summary>A page of what the run wrote; with <paramref name="waitSeconds"/> the lines that come, as soon as one does, the run ends or that time is over.
    /// Then every page has a token, from which the next call goes on.</summary>
    private static async Task<Page<LogLine>> LogsAsync(
        string project, string run, double? waitSeconds, Paging paging, NameTable names, TimeProvider time, IGrainFactory grains, CancellationToken cancel)
    {
        CheckWait(waitSeconds);
        if (waitSeconds is null)
        {
            return await Runs(grains, project).ListLogsAsync(run, paging.Page);
        }

        var begun = time.GetTimestamp();
        var grain = grains.GetGrain<ITrainingRunGrain>(await names.ResolveAsync(project, ThingKind.TrainingRun, run));
        var seen = await grain.WaitForReportAsync(seen: 0, TimeSpan.Zero);
        while (true)
        {
            cancel.ThrowIfCancellationRequested();

            // Asked before the lines are read: what it wrote before its end is then among them.
            var status = (await grain.GetAsync()).Status;
            var page = await Runs(grains, project).ListLogsAsync(run, paging.Page);
            var left = TimeSpan.FromSeconds(waitSeconds.Value) - time.GetElapsedTime(begun);
            if (page.Items.Count > 0 || left <= TimeSpan.Zero || status is RunStatus.Completed or RunStatus.Failed or RunStatus.Cancelled)
            {
                return page with { NextPageToken = page.NextPageToken ?? (page.Items is [.., var last] ? TrainingTables.After(last) : paging.Page.Token) };
            }

            seen = await grain.WaitForReportAsync(seen, left);
        }
    }

    private static void CheckWait(double? waitSeconds)
    {
        if (waitSeconds is not (null or (>= 0 and <= MaximumWaitSeconds)))
        {
            throw new InvalidException($"waitSeconds is 0 to {MaximumWaitSeconds}. Ask again to wait longer.");
        }
    }

    /// <summary>The run now; with <paramref name="waitSeconds"/> as soon as it has ended, or once that time is over.</summary>
    private static async Task<TrainingRun> GetAsync(
        string project, string run, double? waitSeconds, EventSignal signal, TimeProvider time, IGrainFactory grains, CancellationToken cancel)
    {
        CheckWait(waitSeconds);
        var begun = time.GetTimestamp();
        while (true)
        {
            var next = signal.NextAsync(project);
            var now = await Runs(grains, project).GetAsync(run);
            var left = TimeSpan.FromSeconds(waitSeconds ?? 0) - time.GetElapsedTime(begun);
            if (now.Status is RunStatus.Completed or RunStatus.Failed or RunStatus.Cancelled || left <= TimeSpan.Zero)
            {
                return now;
            }

            try
            {
                // The end of a run is an event of its project. A notice can be missed while a node is cut off: look now and then.
                await next.WaitAsync(left < Glance ? left : Glance, time, cancel);
            }
            catch (TimeoutException)
            {
            }
        }
    }

    private static RunStatus? StatusOf(string? text) => text switch
    {
        null or "" => null,
        _ when Enum.TryParse<RunStatus>(text, ignoreCase: true, out var status) && Enum.IsDefined(status) && !char.IsAsciiDigit(text[0]) => status,
        _ => throw new InvalidException($"There is no run status '{text}'. Statuses: {string.Join(", ", Enum.GetNames<RunStatus>().Select(name => char.ToLowerInvariant(name[0]) + name[1..]))}."),
    };

    private static async Task<FileStreamHttpResult> DownloadAsync(string project, string run, string file, IGrainFactory grains, BlobStore blobs)
    {
        var found = await Runs(grains, project).GetAsync(run);
        if (found.Artifact?.TryGetValue(file, out var blob) != true)
        {
            throw new NotFoundException(found.Artifact is null
                ? $"Training run '{run}' is {found.Status} and has left no files (yet)."
                : $"Training run '{run}' has no file '{file}'. It has {string.Join(", ", found.Artifact.Keys)}.");
        }

        return TypedResults.File(await blobs.OpenReadAsync(blob!.Blob), "application/octet-stream", Path.GetFileName(file));
    }

    private static ITrainingRunsGrain Runs(IGrainFactory grains, string project) => grains.GetGrain<ITrainingRunsGrain>(project);
}
