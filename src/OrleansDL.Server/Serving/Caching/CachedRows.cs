namespace OrleansDL.Serving.Caching;

/// <summary>Answers for raw rows.</summary>
internal sealed class CachedRows : ICachedForm<PredictAnswer>
{
    private const int Overhead = 320;
    private const int OfRow = 64;
    private const int OfLabel = 40;
    private const int OfValue = 72;

    public static CachedRows Form { get; } = new();

    public PredictAnswer Keep(PredictAnswer answer, out long bytes)
    {
        bytes = Overhead + (sizeof(int) * (long)(answer.Tokens?.Count ?? 0));
        foreach (var row in answer.Rows.Concat(answer.Steps ?? []))
        {
            bytes += OfRow + ((long)OfLabel * row.Count);
        }

        foreach (var row in answer.Values ?? [])
        {
            bytes += OfRow + ((long)OfValue * row.Count);
        }

        foreach (var row in answer.Vectors ?? [])
        {
            bytes += OfRow + ((long)sizeof(float) * row.Count);
        }

        return answer;
    }

    public PredictAnswer First(PredictAnswer answer, TimeSpan inCache) => answer;

    public PredictAnswer Again(PredictAnswer answer, TimeSpan inCache) => answer;
}
