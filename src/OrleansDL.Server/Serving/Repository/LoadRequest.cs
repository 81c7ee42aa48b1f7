using System.Text.Json;
using Google.Protobuf.Collections;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.Repository;

/// <summary>What a load request gives instead of what lies in the repository.</summary>
/// <param name="Config">A <c>ModelConfig</c> as JSON; null: the folder's.</param>
/// <param name="Files">Files, which make up the whole model then.</param>
internal sealed record LoadRequest(string? Config, IReadOnlyList<SentFile> Files)
{
    private const string ConfigParameter = "config";
    private const string UnloadDependents = "unload_dependents";

    /// <summary>Takes the repository as it is.</summary>
    public static LoadRequest Plain { get; } = new(null, []);

    /// <summary>As the other, at a start: what is loaded on demand and as the folder says is left alone.</summary>
    public static LoadRequest AtStart { get; } = Plain with { LeavesUnchanged = true };

    /// <summary>Whether a model that could be loaded, and would be set to what it is, is not set again.</summary>
    public bool LeavesUnchanged { get; private init; }

    /// <summary>Reads the body of a load request: empty, or <c>{"parameters": {...}}</c>.</summary>
    public static LoadRequest Read(ReadOnlyMemory<byte> body) => Of(Parameters(body).Select(parameter => (parameter.Name, Text: TextOf(parameter.Value, parameter.Name)))
        .Select(parameter => SentFile.IsNamed(parameter.Name) ? (parameter.Name, null, Decode(parameter.Name, parameter.Text)) : (parameter.Name, (string?)parameter.Text, (byte[]?)null)));

    public static LoadRequest Of(MapField<string, ModelRepositoryParameter> parameters) => Of(parameters.Select(parameter => (
        parameter.Key,
        parameter.Value.ParameterChoiceCase is ModelRepositoryParameter.ParameterChoiceOneofCase.StringParam ? parameter.Value.StringParam : null,
        parameter.Value.ParameterChoiceCase is ModelRepositoryParameter.ParameterChoiceOneofCase.BytesParam ? parameter.Value.BytesParam.ToByteArray() : null)));

    /// <summary>Checks the body of an unload request. Whether the models that an ensemble calls go too.</summary>
    public static bool CheckUnload(ReadOnlyMemory<byte> body)
    {
        var withSteps = false;
        foreach (var parameter in Parameters(body))
        {
            CheckUnload(parameter.Name, parameter.Value.ValueKind is JsonValueKind.True or JsonValueKind.False);
            withSteps |= parameter.Value.ValueKind is JsonValueKind.True;
        }

        return withSteps;
    }

    /// <inheritdoc cref="CheckUnload(ReadOnlyMemory{byte})"/>
    public static bool CheckUnload(MapField<string, ModelRepositoryParameter> parameters)
    {
        var withSteps = false;
        foreach (var (name, value) in parameters)
        {
            CheckUnload(name, value.ParameterChoiceCase is ModelRepositoryParameter.ParameterChoiceOneofCase.BoolParam);
            withSteps |= value.BoolParam;
        }

        return withSteps;
    }

    private static void CheckUnload(string name, bool isBoolean)
    {
        if (name != UnloadDependents || !isBoolean)
        {
            throw InferenceProtocolException.Invalid(
                name == UnloadDependents ? "invalid value type for 'unload_dependents' parameter, expected bool_param." : $"unrecognized request parameter '{name}'.");
        }
    }

    private static LoadRequest Of(IEnumerable<(string Name, string? Text, byte[]? Bytes)> parameters)
    {
        string? config = null;
        List<SentFile> files = [];
        foreach (var (name, text, bytes) in parameters)
        {
            if (name == ConfigParameter)
            {
                config = text ?? throw InferenceProtocolException.Invalid("invalid value type for 'config' parameter, expected string_param.");
            }
            else if (SentFile.IsNamed(name))
            {
                files.Add(SentFile.Of(name, bytes ?? throw InferenceProtocolException.Invalid($"invalid value type for '{name}' parameter, expected bytes_param.")));
            }
            else
            {
                throw InferenceProtocolException.Invalid($"unrecognized request parameter '{name}'.");
            }
        }

        return new LoadRequest(config, files);
    }

    private static IEnumerable<(string Name, JsonElement Value)> Parameters(ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty)
        {
            return [];
        }

        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind is JsonValueKind.Object && json.RootElement.TryGetProperty("parameters", out var parameters)
                ? [.. parameters.EnumerateObject().Select(parameter => (parameter.Name, parameter.Value.Clone()))]
                : [];
        }
        catch (JsonException error)
        {
            throw JsonFault.Of(error, body.Span);
        }
        catch (InvalidOperationException error)
        {
            throw JsonFault.NoText(error);
        }
    }

    private static string TextOf(JsonElement value, string name) => value.ValueKind is JsonValueKind.String
        ? value.GetString()!
        : throw InferenceProtocolException.Invalid($"attempt to access JSON non-string as string: parameter '{name}'");

    private static byte[] Decode(string name, string text)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            throw InferenceProtocolException.Invalid($"parameter '{name}' is no base64.");
        }
    }
}
