using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansDL.Events;
using OrleansDL.Expressions;

namespace OrleansDL.Workflows.Definitions;

/// <summary>Events as expressions see them: the envelope and the fact's own fields in one map.</summary>
internal static class DefinitionEvents
{
    public static string ToJson(PlatformEvent happened)
    {
        var fields = JsonNode.Parse(happened.Data) as JsonObject ?? [];
        fields["id"] = happened.Id.ToString();
        fields["type"] = happened.Type;
        fields["project"] = happened.Project;
        fields["subject"] = happened.Subject.ToString();
        fields["sequence"] = happened.Sequence;
        fields["time"] = JsonSerializer.SerializeToNode(happened.Time, OdlJson.Options);
        return fields.ToJsonString(OdlJson.Options);
    }

    /// <summary>The branch an event is about; events older than branches are about <c>main</c>.</summary>
    public static string Branch(PlatformEvent happened) => JsonNode.Parse(happened.Data)?["branch"]?.GetValue<string>() ?? "main";

    /// <summary>The variables a trigger's <c>when</c> reads.</summary>
    public static Dictionary<string, Value> Variables(PlatformEvent happened)
    {
        var fields = ((Value.Map)ValueJson.Parse(ToJson(happened))).Entries.ToDictionary(StringComparer.Ordinal);
        fields["time"] = new Value.Timestamp(happened.Time);
        return new Dictionary<string, Value> { ["event"] = Value.Of(fields) };
    }
}
