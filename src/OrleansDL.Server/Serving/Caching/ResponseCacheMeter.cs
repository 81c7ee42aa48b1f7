using System.Diagnostics;

namespace OrleansDL.Serving.Caching;

/// <summary>Counts for one deployment's cache; its tags are made once, so that counting allocates nothing.</summary>
internal sealed class ResponseCacheMeter(ResponseCaches caches, Route route)
{
    private readonly TagList _hit = Tags(route, "hit");
    private readonly TagList _joined = Tags(route, "joined");
    private readonly TagList _miss = Tags(route, "miss");
    private readonly TagList _identity = Tags(route, null);

    public void OnHit() => caches.Requests.Add(1, _hit);

    /// <summary>Another request that was just being answered was equal.</summary>
    public void OnJoined() => caches.Requests.Add(1, _joined);

    public void OnMiss() => caches.Requests.Add(1, _miss);

    public void OnBytes(long more) => caches.Bytes.Add(more, _identity);

    private static TagList Tags(Route route, string? result)
    {
        var tags = new TagList { { "project", route.Project }, { "deployment", route.Name } };
        if (result is not null)
        {
            tags.Add("result", result);
        }

        return tags;
    }
}
