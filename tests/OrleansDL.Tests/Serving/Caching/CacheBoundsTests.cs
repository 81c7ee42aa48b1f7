using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using OrleansDL.Serving;
using OrleansDL.Serving.Caching;

namespace OrleansDL.Tests.Serving.Caching;

/// <summary>What a cache keeps, how long, and what it does when a run fails.</summary>
public sealed class CacheBoundsTests : IDisposable
{
    private static readonly Route Route = new() { Deployment = Guid.CreateVersion7(), Project = "p", Name = "d", Revision = 1, Public = true, Generation = 7 };
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _clock = new();
    private int _runs;

    public void Dispose() => _services.Dispose();

    [Fact]
    public async Task Answers_not_asked_for_the_longest_go_first_and_never_more_is_kept_than_may_be()
    {
        var cache = Cache(new ResponseCacheSpec { MaximumBytes = 10_000 });
        for (var key = 0; key < 5; key++)
        {
            await AskAsync(cache, key, 2000);
        }

        Assert.Equal((5, 4), (_runs, cache.Count));
        Assert.InRange(cache.Bytes, 8000, 10_000);
        await AskAsync(cache, 1, 2000);
        await AskAsync(cache, 5, 2000);
        await AskAsync(cache, 1, 2000);
        Assert.Equal(6, _runs);
        await AskAsync(cache, 2, 2000);
        Assert.Equal(7, _runs);
        await AskAsync(cache, 9, 20_000);
        await AskAsync(cache, 9, 20_000);
        Assert.Equal((9, 4), (_runs, cache.Count));
        cache.Close();
        Assert.Equal((0, 0), (cache.Bytes, cache.Count));
    }

    [Fact]
    public async Task An_answer_is_good_for_its_time_and_no_longer()
    {
        var cache = Cache(new ResponseCacheSpec { Seconds = 2 });
        await AskAsync(cache, 1, 10);
        _clock.Advance(TimeSpan.FromSeconds(1.9));
        await AskAsync(cache, 1, 10);
        Assert.Equal(1, _runs);
        _clock.Advance(TimeSpan.FromSeconds(0.2));
        await AskAsync(cache, 1, 10);
        Assert.Equal((2, 1), (_runs, cache.Count));
    }

    [Fact]
    public async Task A_run_that_fails_is_its_callers_alone()
    {
        var cache = Cache(new ResponseCacheSpec());
        var failing = new TaskCompletionSource<Answered<InferAnswer>>();
        var first = cache.AnswerAsync(Route, Key(1), () => new ValueTask<Answered<InferAnswer>>(failing.Task), CachedTensors.Form, CancellationToken.None).AsTask();
        var second = AskAsync(cache, 1, 10);
        Assert.Equal(0, _runs);

        failing.SetException(new OperationCanceledException());

        await Assert.ThrowsAsync<OperationCanceledException>(() => first);
        await second;
        Assert.Equal((1, 0), (_runs, cache.Count));
    }

    [Fact]
    public async Task An_answer_of_another_generation_is_not_kept()
    {
        var cache = Cache(new ResponseCacheSpec());
        var (route, _) = await cache.AnswerAsync(
            Route, Key(1), () => ValueTask.FromResult(new Answered<InferAnswer>(Route with { Generation = 8 }, Answer(10))), CachedTensors.Form, CancellationToken.None);
        Assert.Equal((8, 0), (route.Generation, cache.Count));
    }

    [Fact]
    public void Keys_differ_by_all_that_answers_depend_on()
    {
        var routes = new RouteTable(grains: null!);
        InferRequest[] requests =
        [
            Request("x", [1, 4], [1, 2, 3, 4]), Request("x", [4, 1], [1, 2, 3, 4]), Request("y", [1, 4], [1, 2, 3, 4]), Request("x", [1, 4], [1, 2, 3, 5]),
            Request("x", [4], [1, 2, 3, 4]), Request("x", [1, 4], [1, 2, 3, 4], "a"), Request("x", [1, 4], [1, 2, 3, 4], "a", "b"), Request("x", [1, 4], [1, 2, 3, 4], "b", "a"),
            Request("x", [1, 4], [1, 2, 3, 4], "ab"), new() { Inputs = [.. Request("x", [2], [1, 2]).Inputs, .. Request("z", [2], [3, 4]).Inputs] },
            new() { Inputs = [.. Request("x", [3], [1, 2, 3]).Inputs, .. Request("z", [1], [4]).Inputs] },
        ];
        var keys = requests.SelectMany(request => new[] { CacheKeys.Of(Route, request, routes), CacheKeys.Of(Route with { Generation = 8 }, request, routes) }).ToList();
        Assert.Equal(keys.Count, keys.Distinct().Count());
        Assert.Equal(CacheKeys.Of(Route, requests[0], routes), CacheKeys.Of(Route with { Revision = 9 }, Request("x", [1, 4], [1, 2, 3, 4]), routes));

        // How a request waits is no part of what it asks; a caller's own parameters are, in any order.
        var waits = new InferRequest { Inputs = requests[0].Inputs, Priority = 1, TimeoutMicroseconds = 5 };
        Assert.Equal(CacheKeys.Of(Route, requests[0], routes), CacheKeys.Of(Route, waits, routes));
        var parameters = new InferRequest { Inputs = requests[0].Inputs, Parameters = new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" } };
        Assert.DoesNotContain(CacheKeys.Of(Route, parameters, routes), keys);
        Assert.Equal(
            CacheKeys.Of(Route, parameters, routes),
            CacheKeys.Of(Route, new InferRequest { Inputs = requests[0].Inputs, Parameters = new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" } }, routes));
    }

    private static InferRequest Request(string name, long[] shape, byte[] data, params string[] outputs) =>
        new() { Inputs = [new Tensor { Name = name, Type = TensorElementType.UInt8, Shape = shape, Data = data }], Outputs = outputs };

    private static CacheKey Key(int number)
    {
        Span<byte> hash = stackalloc byte[32];
        hash[0] = (byte)number;
        return new CacheKey(hash);
    }

    private static InferAnswer Answer(int bytes) => new() { Outputs = [new Tensor { Name = "y", Type = TensorElementType.UInt8, Shape = [bytes], Data = new byte[bytes] }] };

    private ResponseCache Cache(ResponseCacheSpec spec) =>
        new ResponseCaches(_services.GetRequiredService<IMeterFactory>(), _clock).Of(Route with { Cache = spec }, null)!;

    private Task<Answered<InferAnswer>> AskAsync(ResponseCache cache, int key, int bytes) => cache.AnswerAsync(
        Route, Key(key),
        () =>
        {
            _runs++;
            return ValueTask.FromResult(new Answered<InferAnswer>(Route, Answer(bytes)));
        },
        CachedTensors.Form, CancellationToken.None).AsTask();
}
