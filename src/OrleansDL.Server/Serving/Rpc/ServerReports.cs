using System.Globalization;
using Microsoft.AspNetCore.Http;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Repository;
using OrleansDL.Serving.Residency;
using OrleansDL.Serving.Rpc.Wire;
using OrleansDL.Serving.Statistics;
using Counters = OrleansDL.Serving.Statistics.ModelStatistics;
using WireStatistics = OrleansDL.Serving.Rpc.Wire.ModelStatistics;

namespace OrleansDL.Serving.Rpc;

/// <summary>Statistics and index in the protocol's messages; REST writes the same messages as JSON.</summary>
internal sealed class ServerReports(InferenceModels models, ModelDirectory directory, InferenceStatistics statistics, InferenceAccess access, ModelRepository repository)
{
    /// <param name="context">Says who asks, and in which project.</param>
    /// <param name="model">One deployment; null or empty for all.</param>
    /// <param name="version">One version of it; null or empty for all that answer.</param>
    public async Task<ModelStatisticsResponse> StatisticsAsync(HttpContext context, string? model, string? version)
    {
        IReadOnlyList<RouteEntry> entries = string.IsNullOrEmpty(model) ? await models.ListAsync(context) : [await FindAsync(context, model, version)];
        var response = new ModelStatisticsResponse();
        response.ModelStats.AddRange(entries.SelectMany(entry => entry.Versions.Reverse()).Where(entry => entry.Route.Generation is not null).Select(entry => Of(entry, statistics.Of(entry.Route))));
        return response;
    }

    public async Task<RepositoryIndexResponse> IndexAsync(HttpContext context, bool readyOnly)
    {
        var response = new RepositoryIndexResponse();
        foreach (var entry in (await models.ListAsync(context)).SelectMany(entry => entry.Versions.Reverse()))
        {
            var failure = entry.Route is { OnDemand: true, Generation: { } generation } ? directory.FailureOf(generation) : null;
            var step = models.MissingStep(entry.Route);
            var ready = entry.Route.Generation is not null && failure is null && step is null;
            if (ready || !readyOnly)
            {
                response.Models.Add(new RepositoryIndexResponse.Types.ModelIndex
                {
                    Name = entry.Route.Name,
                    Version = Text(entry),
                    State = ready ? "READY" : entry.Route.Reason is null && failure is null && step is null ? "LOADING" : "UNAVAILABLE",
                    Reason = ready ? entry.Route.Reason ?? "" : failure?.Reason ?? (step is null ? entry.Route.Reason ?? "" : $"its step '{step}' is not ready"),
                });
            }
        }

        if (!readyOnly)
        {
            // What lies in the repository or the registry and was never loaded has a name only, or why it could not be.
            var listed = response.Models.Select(model => model.Name).ToHashSet(StringComparer.Ordinal);
            foreach (var (name, error) in (await repository.ListAsync(await access.ProjectOfAsync(context))).Where(model => !listed.Contains(model.Name)))
            {
                response.Models.Add(new RepositoryIndexResponse.Types.ModelIndex { Name = name, State = error is null ? "" : "UNAVAILABLE", Reason = error ?? "" });
            }
        }

        return response;
    }

    private static string Text(RouteEntry entry) => entry.Number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private async Task<RouteEntry> FindAsync(HttpContext context, string model, string? version)
    {
        try
        {
            return await models.FindAsync(context, model, version);
        }
        catch (InferenceProtocolException)
        {
            throw InferenceProtocolException.Invalid(
                string.IsNullOrEmpty(version) ? $"requested model '{model}' is not available" : $"requested model version is not available for model '{model}'");
        }
    }

    private static WireStatistics Of(RouteEntry entry, Counters counters)
    {
        var result = new WireStatistics
        {
            Name = entry.Route.Name,
            Version = Text(entry),
            LastInference = (ulong)counters.LastInference,
            InferenceCount = (ulong)counters.Inferences,
            ExecutionCount = (ulong)counters.Executions,
            InferenceStats = new InferStatistics
            {
                Success = Duration(counters.Success),
                Fail = Duration(counters.Fail),
                Queue = Duration(counters.Queue),
                ComputeInput = Duration(counters.ComputeInput),
                ComputeInfer = Duration(counters.ComputeInfer),
                ComputeOutput = Duration(counters.ComputeOutput),
                CacheHit = Duration(counters.CacheHit),
                CacheMiss = Duration(counters.CacheMiss),
            },
        };
        result.BatchStats.AddRange(counters.Batches.Select(batch => new InferBatchStatistics
        {
            BatchSize = (ulong)batch.Rows,
            ComputeInput = Duration(batch.Statistics.ComputeInput),
            ComputeInfer = Duration(batch.Statistics.ComputeInfer),
            ComputeOutput = Duration(batch.Statistics.ComputeOutput),
        }));
        foreach (var (number, response) in counters.Responses)
        {
            result.ResponseStats.Add(number.ToString(CultureInfo.InvariantCulture), new InferResponseStatistics
            {
                ComputeInfer = Duration(response.ComputeInfer),
                ComputeOutput = Duration(response.ComputeOutput),
                Success = Duration(response.Success),
                Fail = Duration(response.Fail),
                EmptyResponse = Duration(response.EmptyResponse),
                Cancel = Duration(response.Cancel),
            });
        }

        return result;
    }

    private static StatisticDuration Duration(PhaseTime time) => new() { Count = (ulong)time.Count, Ns = (ulong)time.Nanoseconds };
}
