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
        var (input, infer, output) = (Duration(counters.ComputeInput), Duration(counters.ComputeInfer), Duration(counters.ComputeOutput));
        var result = new WireStatistics
        {
            Name = route.Name,
            Version = route.ModelVersion.ToString(System.Globalization.CultureInfo.InvariantCulture),
            LastInference = (ulong)counters.LastInference,
            InferenceCount = infer.Count,
            ExecutionCount = infer.Count,
            InferenceStats = new InferStatistics
            {
                Success = Duration(counters.Success),
                Fail = Duration(counters.Fail),

                // Requests do not wait for company yet: each is one execution, at once.
                Queue = new StatisticDuration { Count = infer.Count },
                ComputeInput = input,
                ComputeInfer = infer,
                ComputeOutput = output,
                CacheHit = new StatisticDuration(),
                CacheMiss = new StatisticDuration(),
            },
        };
        if (infer.Count > 0)
        {
            result.BatchStats.Add(new InferBatchStatistics { BatchSize = 1, ComputeInput = input, ComputeInfer = infer, ComputeOutput = output });
        }

        return result;
    }

    private static StatisticDuration Duration(PhaseTime time) => new() { Count = (ulong)time.Count, Ns = (ulong)time.Nanoseconds };
}
