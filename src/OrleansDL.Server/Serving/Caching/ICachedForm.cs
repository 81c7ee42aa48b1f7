namespace OrleansDL.Serving.Caching;

/// <summary>How answers of one kind are kept and given again.</summary>
internal interface ICachedForm<TAnswer>
{
    /// <summary>The answer as it is kept, holding no more memory than it has bytes.</summary>
    TAnswer Keep(TAnswer answer, out long bytes);

    /// <summary>The answer as its first caller gets it.</summary>
    TAnswer First(TAnswer answer, TimeSpan inCache);

    /// <summary>The kept answer as a later caller gets it.</summary>
    TAnswer Again(TAnswer answer, TimeSpan inCache);
}
