using System.Text.Json;

namespace OrleansDL.Serving;

/// <summary>The body of a predict call, as the API's description shows it. The call itself reads it without making one of these.</summary>
internal sealed record PredictBody
{
    public required IReadOnlyList<JsonElement> Rows { get; init; }

    public int Top { get; init; } = 1;
}
