using Microsoft.AspNetCore.Http;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Rpc.Wire;
using OrleansDL.Serving.Statistics;
using Counters = OrleansDL.Serving.Statistics.ModelStatistics;
using WireStatistics = OrleansDL.Serving.Rpc.Wire.ModelStatistics;

namespace OrleansDL.Serving.Rpc;

/// <summary>Statistics and index in the protocol's messages; REST writes the same messages as JSON.</summary>
internal sealed class ServerReports(InferenceModels models, InferenceStatistics statistics)
{
    /// <param name="context">Says who asks, and in which project.</param>
    /// <param name="model">One deployment; null or empty for all.</param>
    /// <param name="version">One version of it; null or empty for the one served.</param>
    public async Task<ModelStatisticsResponse> StatisticsAsync(HttpContext context, string? model, string? version)
    {
        IReadOnlyList<Route> routes = string.IsNullOrEmpty(model) ? await models.ListAsync(context) : [await FindAsync(context, model, version)];
        var response = new ModelStatisticsResponse();
        response.ModelStats.AddRange(routes.Where(route => route.Generation is not null).Select(route => Of(route, statistics.Of(route))));
        return response;
    }

    public async Task<RepositoryIndexResponse> IndexAsync(HttpContext context, bool readyOnly)
    {
        var response = new RepositoryIndexResponse();
        foreach (var route in await models.ListAsync(context))
        {
            var ready = route.Generation is not null;
            if (ready || !readyOnly)
            {
                response.Models.Add(new RepositoryIndexResponse.Types.ModelIndex
                {
                    Name = route.Name,
                    Version = ready ? route.ModelVersion.ToString(System.Globalization.CultureInfo.InvariantCulture) : "",
                    State = ready ? "READY" : route.Reason is null ? "LOADING" : "UNAVAILABLE",
                    Reason = ready ? "" : route.Reason ?? "",
                });
            }
        }

        return response;
    }

    private async Task<Route> FindAsync(HttpContext context, string model, string? version)
    {
        try
        {
            return (await models.FindAsync(context, model, version)).Route;
        }
        catch (InferenceProtocolException)
        {
            throw InferenceProtocolException.Invalid(
                string.IsNullOrEmpty(version) ? $"requested model '{model}' is not available" : $"requested model version is not available for model '{model}'");
        }
    }

    private static WireStatistics Of(Route route, Counters counters)
    {
        var result = new WireStatistics
        {
            Name = route.Name,
            Version = route.ModelVersion.ToString(System.Globalization.CultureInfo.InvariantCulture),
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
                CacheHit = new StatisticDuration(),
                CacheMiss = new StatisticDuration(),
            },
        };
        result.BatchStats.AddRange(counters.Batches.Select(batch => new InferBatchStatistics
        {
            BatchSize = (ulong)batch.Rows,
            ComputeInput = Duration(batch.Statistics.ComputeInput),
            ComputeInfer = Duration(batch.Statistics.ComputeInfer),
            ComputeOutput = Duration(batch.Statistics.ComputeOutput),
        }));
        return result;
    }

    private static StatisticDuration Duration(PhaseTime time) => new() { Count = (ulong)time.Count, Ns = (ulong)time.Nanoseconds };
}
