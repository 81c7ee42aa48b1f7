using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.Tracing;

/// <summary>The protocol's trace settings, of this server or of one model, over REST and gRPC.</summary>
internal sealed class TraceFront(Tracer tracer, InferenceModels models, InferenceAccess access)
{
    /// <param name="context">Says who asks, and in which project.</param>
    /// <param name="model">One deployment; null or empty: the server.</param>
    /// <param name="changes">New values by name, none to give one back; empty: nothing is changed.</param>
    /// <exception cref="InferenceProtocolException">There is no such model, or a value is none of its setting's.</exception>
    public async Task<TraceSettings> AnswerAsync(HttpContext context, string? model, IReadOnlyDictionary<string, IReadOnlyList<string>> changes)
    {
        var project = await access.ProjectOfAsync(context);
        Guid? deployment = null;
        if (string.IsNullOrEmpty(model))
        {
            await access.CheckAsync(context, project, null);
        }
        else
        {
            deployment = (await models.TryFindAsync(context, model))?.Route.Deployment ?? throw InferenceProtocolException.Invalid($"Request for unknown model : {model}");
        }

        if (changes.Count == 0)
        {
            return tracer.Settings(deployment);
        }

        await (deployment is null ? access.CheckServerAsync(context, project) : access.CheckControlAsync(context, project));
        return tracer.Change(deployment, changes);
    }

    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Changes(TraceSettingRequest request) =>
        request.Settings.ToDictionary(setting => setting.Key, IReadOnlyList<string> (setting) => [.. setting.Value.Value]);

    public static TraceSettingResponse ToMessage(TraceSettings settings)
    {
        var response = new TraceSettingResponse();
        foreach (var (name, value) in settings.Values)
        {
            response.Settings[name] = new TraceSettingResponse.Types.SettingValue { Value = { value } };
        }

        return response;
    }

    /// <exception cref="InferenceProtocolException">The body is no JSON object of texts and lists of texts.</exception>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Changes(ReadOnlyMemory<byte> body)
    {
        var changes = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var (name, value) in SettingsBody.Read(body))
        {
            changes[name] = value.ValueKind switch
            {
                JsonValueKind.Null => [],
                JsonValueKind.Array => [.. value.EnumerateArray().Select(item => Text(name, item))],
                _ => [Text(name, value)],
            };
        }

        return changes;
    }

    public static JsonObject ToJson(TraceSettings settings)
    {
        var json = new JsonObject();
        foreach (var name in TraceSettings.Names)
        {
            var value = settings.Values[name];
            json[name] = name is TraceSettings.Level ? new JsonArray([.. value.Select(level => (JsonNode)level)]) : value[0];
        }

        return json;
    }

    private static string Text(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number => value.GetRawText(),
        _ => throw InferenceProtocolException.Invalid($"Unable to parse '{name}': attempt to access JSON non-string as string"),
    };
}
