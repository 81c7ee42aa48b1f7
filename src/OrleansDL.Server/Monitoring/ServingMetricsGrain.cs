using Orleans.Concurrency;
using OrleansDL.Database;
using OrleansDL.Projects;
using OrleansDL.Serving;
using OrleansDL.Telemetry;

namespace OrleansDL.Monitoring;

[GrainType("serving-metrics"), StatelessWorker]
internal sealed class ServingMetricsGrain(WindowStore store, FeedbackStore feedback, NameTable names, TimeProvider time) : Grain, IServingMetricsGrain
{
    private const int MaximumWindows = 10_000;

    public async Task<IReadOnlyList<ServingWindow>> QueryAsync(string deployment, DateTimeOffset from, DateTimeOffset to, int stepSeconds)
    {
        var id = await names.ResolveAsync(this.GetPrimaryKeyString(), ThingKind.Deployment, deployment);
        if (from >= to)
        {
            throw new InvalidException($"The range from {from:O} to {to:O} is empty: 'from' comes before 'to'.");
        }

        var window = (int)ServingWindows.Length.TotalSeconds;
        if (stepSeconds < 0 || stepSeconds % window != 0)
        {
            throw new InvalidException($"A step of {stepSeconds} seconds cannot be made of windows of {window}: take a multiple of {window}, or 0 for the whole range at once.");
        }

        var step = stepSeconds == 0 ? to - from : TimeSpan.FromSeconds(stepSeconds);
        if ((to - from) / step > MaximumWindows)
        {
            throw new InvalidException($"The range holds more than {MaximumWindows} steps of {stepSeconds} seconds. Ask for a shorter range or longer steps.");
        }

        return await MergeAsync(id, from, to, stepSeconds == 0 ? null : step);
    }

    public async Task<IReadOnlyList<StoredFeedback>> AddFeedbackAsync(FeedbackBatch batch)
    {
        FeedbackCheck.Check(batch);
        var generations = await feedback.GenerationsAsync([.. batch.Items.Select(item => InferenceId.GenerationOf(item.InferenceId)!.Value).Distinct()]);
        var rows = FeedbackCheck.Rows(this.GetPrimaryKeyString(), batch, generations, time.GetUtcNow());
        await feedback.WriteAsync(rows);
        return [.. rows.Select(row => row.ToStored())];
    }

    public async Task<Page<StoredFeedback>> ListFeedbackAsync(string deployment, PageRequest page) =>
        await feedback.ListAsync(await names.ResolveAsync(this.GetPrimaryKeyString(), ThingKind.Deployment, deployment), page);

    private async Task<IReadOnlyList<ServingWindow>> MergeAsync(Guid deployment, DateTimeOffset from, DateTimeOffset to, TimeSpan? step)
    {
        var merged = new Dictionary<(DateTimeOffset Start, string Model, long Version), WindowMerge>();

        // The window that the range begins in is part of it.
        await foreach (var row in store.ReadAsync(deployment, Micros.From(Floor(from, ServingWindows.Length)), Micros.From(to)))
        {
            var start = step is { } length ? Floor(Micros.ToTime(row.WindowStart), length) : from;
            var key = (start, row.Model, row.ModelVersion);
            if (!merged.TryGetValue(key, out var window))
            {
                window = merged[key] = new WindowMerge(start, step ?? to - from, row.Model, row.ModelVersion);
            }

            window.Add(row);
        }

        var (first, ticks) = (Micros.From(Floor(from, ServingWindows.Length)), (step?.Ticks ?? 0) / TimeSpan.TicksPerMicrosecond);
        foreach (var sum in await feedback.SumAsync(deployment, first, Micros.From(to), ticks))
        {
            var key = (step is null ? from : Micros.ToTime(sum.Step * ticks), sum.Model, sum.ModelVersion);
            if (!merged.TryGetValue(key, out var window))
            {
                window = merged[key] = new WindowMerge(key.Item1, step ?? to - from, sum.Model, sum.ModelVersion);
            }

            window.Feedback = sum.ToWindow();
        }

        return merged.OrderBy(pair => pair.Key.Start).ThenBy(pair => pair.Key.Version).Select(pair => pair.Value.ToWindow()).ToList();
    }

    private static DateTimeOffset Floor(DateTimeOffset time, TimeSpan step)
    {
        var since = (time - DateTimeOffset.UnixEpoch).Ticks;
        return DateTimeOffset.UnixEpoch.AddTicks(since - since % step.Ticks);
    }
}
