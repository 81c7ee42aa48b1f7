using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Rpc.Wire;
using Read = OrleansDL.Serving.Rpc.Wire.LogSettingsRequest.Types.SettingValue;
using Told = OrleansDL.Serving.Rpc.Wire.LogSettingsResponse.Types.SettingValue;

namespace OrleansDL.Serving.Logs;

/// <summary>The protocol's log settings, over REST and gRPC: one message says what is changed, another what holds.</summary>
internal sealed class LogFront(LogControl control, InferenceAccess access)
{
    private const string File = "log_file";
    private const string Information = "log_info";
    private const string Warnings = "log_warning";
    private const string Errors = "log_error";
    private const string Verbose = "log_verbose_level";
    private const string Format = "log_format";

    /// <exception cref="InferenceProtocolException">A value is not of its setting's type, or the setting cannot be changed.</exception>
    public async Task<LogSettingsResponse> AnswerAsync(HttpContext context, LogSettingsRequest request)
    {
        var project = await access.ProjectOfAsync(context);
        if (request.Settings.Count == 0)
        {
            await access.CheckAsync(context, project, null);
            return Tell(control.Current);
        }

        await access.CheckServerAsync(context, project);
        if (request.Settings.ContainsKey(File))
        {
            throw InferenceProtocolException.Unsupported("log file location can not be updated through network protocol");
        }

        // All are read before one is changed.
        var (information, warnings, errors) = (Flag(request, Information), Flag(request, Warnings), Flag(request, Errors));
        var (verbose, dated) = (Level(request), IsDated(request));
        return Tell(control.Change(levels => levels with
        {
            Information = information ?? levels.Information,
            Warnings = warnings ?? levels.Warnings,
            Errors = errors ?? levels.Errors,
            Verbose = verbose ?? levels.Verbose,
            Dated = dated ?? levels.Dated,
        }));
    }

    /// <summary>The JSON of REST as the message of gRPC. Nothing, where there is no body.</summary>
    public static LogSettingsRequest Parse(ReadOnlyMemory<byte> body)
    {
        var request = new LogSettingsRequest();
        foreach (var (name, value) in SettingsBody.Read(body))
        {
            request.Settings[name] = value.ValueKind switch
            {
                JsonValueKind.True or JsonValueKind.False => new Read { BoolParam = value.GetBoolean() },
                JsonValueKind.String => new Read { StringParam = value.GetString()! },
                JsonValueKind.Number when value.TryGetUInt32(out var number) => new Read { Uint32Param = number },
                _ => new Read(),
            };
        }

        return request;
    }

    public static JsonObject ToJson(LogSettingsResponse response)
    {
        var json = new JsonObject();
        foreach (var name in (string[])[File, Information, Warnings, Errors, Verbose, Format])
        {
            var value = response.Settings[name];
            json[name] = value.ParameterChoiceCase switch
            {
                Told.ParameterChoiceOneofCase.BoolParam => JsonValue.Create(value.BoolParam),
                Told.ParameterChoiceOneofCase.Uint32Param => JsonValue.Create(value.Uint32Param),
                _ => JsonValue.Create(value.StringParam),
            };
        }

        return json;
    }

    private static LogSettingsResponse Tell(LogLevels levels) => new()
    {
        Settings =
        {
            [File] = new Told { StringParam = "" },
            [Information] = new Told { BoolParam = levels.Information },
            [Warnings] = new Told { BoolParam = levels.Warnings },
            [Errors] = new Told { BoolParam = levels.Errors },
            [Verbose] = new Told { Uint32Param = levels.Verbose },
            [Format] = new Told { StringParam = levels.Format },
        },
    };

    private static bool? Flag(LogSettingsRequest request, string name) => !request.Settings.TryGetValue(name, out var value)
        ? null
        : value.ParameterChoiceCase is Read.ParameterChoiceOneofCase.BoolParam
            ? value.BoolParam
            : throw InferenceProtocolException.Invalid($"expect boolean for '{name}'");

    private static uint? Level(LogSettingsRequest request) => !request.Settings.TryGetValue(Verbose, out var value)
        ? null
        : value.ParameterChoiceCase is Read.ParameterChoiceOneofCase.Uint32Param
            ? value.Uint32Param
            : throw InferenceProtocolException.Invalid($"expect unsigned integer for '{Verbose}'");

    private static bool? IsDated(LogSettingsRequest request)
    {
        if (!request.Settings.TryGetValue(Format, out var value))
        {
            return null;
        }

        return (value.ParameterChoiceCase is Read.ParameterChoiceOneofCase.StringParam ? value.StringParam : null) switch
        {
            LogLevels.DefaultFormat => false,
            LogLevels.DatedFormat => true,
            null => throw InferenceProtocolException.Invalid($"expect string for '{Format}'"),
            var other => throw InferenceProtocolException.Invalid($"invalid argument for '{Format}', got: {other}, expected {LogLevels.DefaultFormat} or {LogLevels.DatedFormat}"),
        };
    }
}
