namespace OrleansDL.Datasets.Imports;

/// <summary>Bytes of an object, and what the source said of it with them.</summary>
/// <param name="Content">From <paramref name="Offset"/> to the end.</param>
/// <param name="Offset">Where the bytes begin: what was asked for, or 0 when the source gives only the whole.</param>
/// <param name="Found">The object as it is now.</param>
internal sealed record SourceBody(Stream Content, long Offset, ImportObject Found) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Content.DisposeAsync();
}
