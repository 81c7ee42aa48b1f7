using System.Text.Json;

namespace OrleansDL.Workflows;

/// <summary>Starts a run by hand.</summary>
internal sealed record StartRunRequest
{
    /// <summary>Inputs by name; those left out take their defaults.</summary>
    public JsonElement? Inputs { get; init; }
}
