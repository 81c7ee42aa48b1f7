using Microsoft.Extensions.Diagnostics.HealthChecks;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving.Rpc;

/// <summary>What <c>grpc.health.v1.Health</c> answers: whether this front is ready.</summary>
internal sealed class ReadinessHealth(ServerReadiness readiness) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(readiness.IsReady ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("The front is starting or stopping."));
}
