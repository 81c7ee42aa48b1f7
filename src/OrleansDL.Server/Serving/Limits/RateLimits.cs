using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using OrleansDL.Access;
using OrleansDL.Serving.Statistics;

namespace OrleansDL.Serving.Limits;

/// <summary>Holds inference requests to what their token and their deployment may ask for. Where neither has a limit, nothing is looked up.</summary>
internal sealed class RateLimits(IServingObserver observer, InferenceStatistics statistics, RateLimitMetrics metrics) : IDisposable
{
    /// <summary>Callers whose buckets are kept. Past it all begin anew, which lets nobody in who has no token.</summary>
    private const int GreatestKept = 10_000;

    private readonly ConcurrentDictionary<Guid, Bucket> _buckets = new();

    /// <summary>Takes a request whose model <see cref="Protocol.InferenceModels"/> has found.</summary>
    /// <inheritdoc cref="Enter(HttpContext, Caller, Route)"/>
    public void Enter(HttpContext context, Route route) => Enter(context, context.Features.Get<Caller>(), route);

    /// <summary>Takes one request, or refuses it; a refused one is counted as the deployment's.</summary>
    /// <param name="context">The request.</param>
    /// <param name="caller">Whose token was checked; null: none was needed.</param>
    /// <param name="route">Whom it asks.</param>
    /// <exception cref="RateLimitedException">It comes too soon.</exception>
    public void Enter(HttpContext context, Caller? caller, Route route)
    {
        if (caller?.RateLimit is { } ofToken && Wait(caller.Token, ofToken) is { } forToken)
        {
            Refuse(context, route, "token", $"The token '{caller.Title}' may ask {Text(ofToken)}.", forToken);
        }

        if (route.RateLimit is { } ofDeployment && Wait(route.Deployment, ofDeployment) is { } forDeployment)
        {
            Refuse(context, route, "deployment", $"Deployment '{route.Name}' answers {Text(ofDeployment)}.", forDeployment);
        }
    }

    public void Dispose()
    {
        foreach (var bucket in _buckets.Values)
        {
            bucket.Limiter.Dispose();
        }
    }

    /// <summary>Null: it may pass; else how long until one may.</summary>
    private TimeSpan? Wait(Guid key, RateLimit limit)
    {
        if (!_buckets.TryGetValue(key, out var bucket) || bucket.Limit != limit)
        {
            if (_buckets.Count >= GreatestKept)
            {
                _buckets.Clear();
            }

            bucket = _buckets.AddOrUpdate(key, static (_, limit) => new Bucket(limit), static (_, known, limit) => known.Limit == limit ? known : new Bucket(limit), limit);
        }

        bucket.Limiter.TryReplenish();
        using var lease = bucket.Limiter.AttemptAcquire();
        return lease.IsAcquired ? null : lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(1);
    }

    private void Refuse(HttpContext context, Route route, string limit, string why, TimeSpan wait)
    {
        var seconds = (int)Math.Clamp(Math.Ceiling(wait.TotalSeconds), 1, int.MaxValue);
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        metrics.OnRefused(route, limit);
        observer.OnError(route, TimeSpan.Zero, StatusCodes.Status429TooManyRequests);
        var error = new RateLimitedException($"{why} Ask again in {seconds} s.", seconds);
        statistics.Of(route).OnFailure(TimeSpan.Zero, error);
        throw error;
    }

    private static string Text(RateLimit limit) => string.Create(CultureInfo.InvariantCulture, $"{limit.PerSecond} requests a second and {Bucket.SizeOf(limit)} at once");

    private sealed class Bucket(RateLimit limit)
    {
        public RateLimit Limit => limit;

        /// <summary>It is filled when it is asked, so that none costs a timer.</summary>
        public TokenBucketRateLimiter Limiter { get; } = new(new TokenBucketRateLimiterOptions
        {
            TokenLimit = SizeOf(limit),
            TokensPerPeriod = 1,
            ReplenishmentPeriod = TimeSpan.FromTicks(Math.Max(1, (long)(TimeSpan.TicksPerSecond / limit.PerSecond))),
            AutoReplenishment = false,
            QueueLimit = 0,
        });

        public static int SizeOf(RateLimit limit) => limit.Burst > 0 ? limit.Burst : Math.Max(1, (int)limit.PerSecond);
    }
}
