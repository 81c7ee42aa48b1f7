namespace OrleansDL.Tests.Serving.Generation;

/// <summary>Small trained models, as an earlier version wrote them; they are never written again.</summary>
internal static class GoldenModels
{
    /// <summary>A gpt of bytes that knows three lines: <c>one two three four</c>, <c>red green blue</c> and <c>spring summer autumn winter</c>; 32 tokens at most.</summary>
    public static string Gpt => Path.Combine(AppContext.BaseDirectory, "Golden", "models", "gpt-v1");

    /// <summary>Texts as vectors of four numbers.</summary>
    public static string Embedding => Path.Combine(AppContext.BaseDirectory, "Golden", "models", "embedding-v1");
}
