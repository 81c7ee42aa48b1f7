using System.Text.Json;

namespace OrleansDL.Workflows.Running;

/// <summary>An attempt at a step begins. The plan holds its inputs with every reference pinned: the attempt follows it and nothing else.</summary>
internal sealed record StepStarted(int Attempt, JsonElement Plan);
