using System.Text.Json;
using Google.Protobuf.Collections;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.SharedMemory;

/// <summary>The parameters of an input or output that say where in shared memory it lies, while they are read.</summary>
internal struct RegionParameters
{
    public const string RegionName = "shared_memory_region";
    public const string SizeName = "shared_memory_byte_size";
    public const string OffsetName = "shared_memory_offset";

    private string? _region;
    private ulong? _bytes;
    private ulong? _offset;

    public readonly bool IsSet => _region is not null;

    /// <summary>Takes a parameter if it is one of these.</summary>
    /// <param name="reader">Stands on the parameter's name; on its value afterwards, if it was taken.</param>
    public bool TryRead(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("shared_memory_region"u8))
        {
            reader.Read();
            _region = reader.TokenType is JsonTokenType.String ? reader.GetString() : throw InferenceProtocolException.Invalid($"Unable to parse '{RegionName}': attempt to access JSON non-string as string");
            return true;
        }

        if (reader.ValueTextEquals("shared_memory_byte_size"u8))
        {
            _bytes = ReadUnsigned(ref reader, SizeName);
            return true;
        }

        if (reader.ValueTextEquals("shared_memory_offset"u8))
        {
            _offset = ReadUnsigned(ref reader, OffsetName);
            return true;
        }

        return false;
    }

    /// <summary>What a tensor's parameters of gRPC say; null when it does not lie in shared memory.</summary>
    /// <exception cref="InferenceProtocolException">A parameter has a wrong type, or one is missing.</exception>
    public static RegionPart? Read(MapField<string, InferParameter> parameters, string tensor)
    {
        if (parameters.Count == 0)
        {
            return null;
        }

        var result = default(RegionParameters);
        if (parameters.TryGetValue(RegionName, out var region))
        {
            result._region = region.ParameterChoiceCase is InferParameter.ParameterChoiceOneofCase.StringParam
                ? region.StringParam
                : throw InferenceProtocolException.Invalid($"invalid value type for '{RegionName}' parameter for tensor '{tensor}', expected string_param.");
        }

        result._bytes = Unsigned(parameters, SizeName, tensor);
        result._offset = Unsigned(parameters, OffsetName, tensor);
        return result.Part(tensor);
    }

    /// <summary>Null when none of them was there.</summary>
    /// <exception cref="InferenceProtocolException">One of them does not go without another.</exception>
    public readonly RegionPart? Part(string? tensor)
    {
        if (_region is null)
        {
            return (_offset, _bytes) switch
            {
                (null, null) => null,
                (not null, _) => throw Alone(OffsetName, tensor),
                _ => throw Alone(SizeName, tensor),
            };
        }

        return new RegionPart(_region, _offset ?? 0, _bytes ?? throw InferenceProtocolException.Invalid($"'{SizeName}' must be specified along with '{RegionName}' parameter for tensor '{tensor}'"));
    }

    private static InferenceProtocolException Alone(string parameter, string? tensor) =>
        InferenceProtocolException.Invalid($"'{parameter}' can not be specified without '{RegionName}' parameter for tensor '{tensor}'");

    private static ulong ReadUnsigned(ref Utf8JsonReader reader, string parameter)
    {
        reader.Read();
        return reader.TokenType is JsonTokenType.Number && reader.TryGetUInt64(out var value)
            ? value
            : throw InferenceProtocolException.Invalid($"Unable to parse '{parameter}': attempt to access JSON non-unsigned-integer as unsigned-integer");
    }

    private static ulong? Unsigned(MapField<string, InferParameter> parameters, string parameter, string tensor)
    {
        if (!parameters.TryGetValue(parameter, out var value))
        {
            return null;
        }

        return value.ParameterChoiceCase switch
        {
            InferParameter.ParameterChoiceOneofCase.Int64Param when value.Int64Param >= 0 => (ulong)value.Int64Param,
            InferParameter.ParameterChoiceOneofCase.Uint64Param => value.Uint64Param,
            _ => throw InferenceProtocolException.Invalid($"invalid value type for '{parameter}' parameter for tensor '{tensor}', expected int64_param."),
        };
    }
}
