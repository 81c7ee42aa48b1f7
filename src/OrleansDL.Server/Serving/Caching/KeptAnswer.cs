namespace OrleansDL.Serving.Caching;

/// <summary>An answer in a cache, or one that is being computed and that equal requests wait for.</summary>
/// <param name="Key">Of the request.</param>
/// <param name="Route">What answered.</param>
/// <param name="Answer">The answer.</param>
/// <param name="Bytes">What keeping it takes.</param>
/// <param name="Until">Time stamp after which it is good no longer; the greatest: never.</param>
internal sealed record KeptAnswer(CacheKey Key, Route Route, object Answer, long Bytes, long Until);
