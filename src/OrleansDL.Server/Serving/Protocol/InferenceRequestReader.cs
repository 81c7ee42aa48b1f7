using System.Globalization;
using System.Text.Json;
using OrleansDL.Serving.SharedMemory;

namespace OrleansDL.Serving.Protocol;

/// <summary>Reads an infer request: JSON, then the raw bytes of its binary inputs. No document in between: numbers go straight into the tensor.</summary>
internal static class InferenceRequestReader
{
    public const int MaximumDepth = 100;

    // One more than allowed, so that our own check speaks before the reader's.
    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaximumDepth + 1 };

    /// <param name="body">The whole body, contiguous. It must live as long as the call: binary inputs are slices of it.</param>
    /// <param name="jsonLength">Bytes of JSON at its start; the rest is binary data.</param>
    /// <param name="model">The model's name, for messages.</param>
    public static InferenceCall Read(ReadOnlyMemory<byte> body, int jsonLength, string model)
    {
        var call = new InferenceCall { JsonLength = jsonLength };
        var json = body.Span[..jsonLength];
        var reader = new Utf8JsonReader(json, Options);
        var offset = 0;
        var binary = new BinaryTail(body[jsonLength..], model);
        try
        {
            if (!Next(ref reader) || reader.TokenType != JsonTokenType.StartObject)
            {
                throw InferenceProtocolException.Invalid("failed to parse the request JSON buffer: an object is expected. at 0");
            }

            ReadRequest(json, ref reader, ref offset, call, binary, model);
            if (Next(ref reader))
            {
                throw InferenceProtocolException.Invalid("failed to parse the request JSON buffer: the document root must not be followed by other values.");
            }
        }
        catch (JsonException error)
        {
            throw JsonFault.Of(error, offset + reader.BytesConsumed);
        }
        catch (InferenceProtocolException error) when (error.LacksId)
        {
            throw InferenceProtocolException.Unfit(call.Id, error.Message);
        }
        catch (InvalidOperationException error)
        {
            // What the reader throws for a string that is not UTF-8, or that escapes half a surrogate pair.
            throw InferenceProtocolException.Invalid(
                $"failed to parse the request JSON buffer: {error.Message} at {(offset + reader.BytesConsumed).ToString(CultureInfo.InvariantCulture)}");
        }

        binary.CheckConsumed();
        return call;
    }

    private static void ReadRequest(ReadOnlySpan<byte> json, ref Utf8JsonReader reader, ref int offset, InferenceCall call, BinaryTail binary, string model)
    {
        var sawInputs = false;
        while (Next(ref reader) && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("inputs"u8))
            {
                sawInputs = true;
                ExpectArray(ref reader, "inputs");
                while (Next(ref reader) && reader.TokenType != JsonTokenType.EndArray)
                {
                    ExpectObject(ref reader, "inputs");
                    call.Inputs.Add(ReadInput(json, ref reader, ref offset, call, binary, model));
                }
            }
            else if (reader.ValueTextEquals("outputs"u8))
            {
                ExpectArray(ref reader, "outputs");
                while (Next(ref reader) && reader.TokenType != JsonTokenType.EndArray)
                {
                    ExpectObject(ref reader, "outputs");
                    ReadOutput(ref reader, call);
                }
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                call.Id = ReadText(ref reader, "id");
            }
            else if (reader.ValueTextEquals("parameters"u8))
            {
                ReadRequestParameters(ref reader, call);
            }
            else
            {
                SkipValue(ref reader);
            }
        }

        if (!sawInputs)
        {
            throw InferenceProtocolException.Invalid("Unable to parse 'inputs': attempt to access non-existing object member 'inputs'");
        }
    }

    private static Tensor ReadInput(ReadOnlySpan<byte> json, ref Utf8JsonReader reader, ref int offset, InferenceCall call, BinaryTail binary, string model)
    {
        string? name = null;
        TensorElementType? type = null;
        long[]? shape = null;
        var parameters = default(InputParameters);
        var sawData = false;
        var data = default(ReadOnlyMemory<byte>?);
        var deferred = default(Utf8JsonReader);
        var deferredOffset = 0;
        while (Next(ref reader) && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("data"u8))
            {
                sawData = true;
                if (type is { } known && shape is not null)
                {
                    TensorSize.CheckCount(name, shape, known);
                    data = TensorData.Read(json, ref reader, ref offset, call, name, known, shape);
                }
                else
                {
                    // The members may come in any order: come back when type and shape are known.
                    deferred = reader;
                    deferredOffset = offset;
                    SkipValue(ref reader);
                }
            }
            else if (reader.ValueTextEquals("name"u8))
            {
                name = ReadText(ref reader, "name");
            }
            else if (reader.ValueTextEquals("shape"u8))
            {
                shape = ReadShape(ref reader);
            }
            else if (reader.ValueTextEquals("datatype"u8))
            {
                var text = ReadText(ref reader, "datatype");
                type = Datatypes.TryParse(text, out var parsed)
                    ? parsed
                    : throw InferenceProtocolException.Invalid($"invalid datatype '{text}' for input '{name}' of model '{model}'");
            }
            else if (reader.ValueTextEquals("parameters"u8))
            {
                parameters = ReadInputParameters(ref reader);
            }
            else
            {
                SkipValue(ref reader);
            }
        }

        Require(name, "name");
        Require(shape, "shape");
        Require(type, "datatype");
        CheckOneSource(sawData, parameters);
        TensorSize.CheckCount(name, shape!, type!.Value);
        if (sawData)
        {
            data ??= TensorData.Read(json, ref deferred, ref deferredOffset, call, name, type.Value, shape!);
        }
        else if (parameters.BinaryDataSize is { } size)
        {
            data = binary.Take(name!, size, type.Value, shape!);
        }
        else
        {
            call.ShareInput(parameters.Region.Part(name)!.Value);
        }

        return new Tensor { Name = name!, Type = type.Value, Shape = shape!, Data = data ?? default };
    }

    private static void ReadOutput(ref Utf8JsonReader reader, InferenceCall call)
    {
        string? name = null;
        var (isBinary, classes, region) = (default(bool?), 0, default(RegionParameters));
        while (Next(ref reader) && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("name"u8))
            {
                name = ReadText(ref reader, "name");
            }
            else if (reader.ValueTextEquals("parameters"u8))
            {
                (isBinary, classes, region) = ReadOutputParameters(ref reader);
            }
            else
            {
                SkipValue(ref reader);
            }
        }

        Require(name, "name");
        foreach (var output in call.Outputs)
        {
            if (output.Name == name)
            {
                throw InferenceProtocolException.Invalid(RequestParameters.TwiceAsked(name!));
            }
        }

        call.Outputs.Add(new RequestedOutput(name!, isBinary, classes));
        if (region.Part(name) is { } part)
        {
            if (classes > 0)
            {
                throw InferenceProtocolException.Invalid($"Output can't set both '{RegionParameters.RegionName}' and 'classification'");
            }

            call.ShareOutput(name!, part);
        }
    }

    private static void ReadRequestParameters(ref Utf8JsonReader reader, InferenceCall call)
    {
        if (!NextIsObject(ref reader, "parameters"))
        {
            return;
        }

        while (Next(ref reader) && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("binary_data_output"u8))
            {
                call.BinaryDataOutput = ReadBoolean(ref reader, "binary_data_output");
            }
            else if (reader.ValueTextEquals("priority"u8))
            {
                call.Priority = RequestParameters.Priority(ReadInteger(ref reader));
            }
            else if (reader.ValueTextEquals("timeout"u8))
            {
                call.TimeoutMicroseconds = RequestParameters.Timeout(ReadInteger(ref reader));
            }
            else if (reader.ValueTextEquals("sequence_id"u8))
            {
                ReadSequenceId(ref reader, call);
            }
            else if (reader.ValueTextEquals("sequence_start"u8))
            {
                call.IsSequenceStart = ReadBoolean(ref reader, "sequence_start");
            }
            else if (reader.ValueTextEquals("sequence_end"u8))
            {
                call.IsSequenceEnd = ReadBoolean(ref reader, "sequence_end");
            }
            else if (!reader.ValueIsEscaped && reader.ValueSpan.StartsWith("triton_"u8))
            {
                throw RequestParameters.Reserved();
            }
            else
            {
                ReadOwnParameter(ref reader, call);
            }
        }
    }

    private static void ReadOwnParameter(ref Utf8JsonReader reader, InferenceCall call)
    {
        var name = reader.GetString()!;
        SkipScalar(ref reader);
        if (reader.TokenType is not JsonTokenType.Null)
        {
            call.AddParameter(name, reader.TokenType is JsonTokenType.String ? RequestParameters.Json(reader.GetString()!) : System.Text.Encoding.UTF8.GetString(reader.ValueSpan));
        }
    }

    private static void ReadSequenceId(ref Utf8JsonReader reader, InferenceCall call)
    {
        SkipScalar(ref reader);
        if (reader.TokenType is JsonTokenType.String)
        {
            call.SequenceText = RequestParameters.SequenceText(reader.GetString()!);
        }
        else
        {
            call.SequenceNumber = reader.TokenType is JsonTokenType.Number && reader.TryGetUInt64(out var number) ? number : throw RequestParameters.WrongSequenceId();
        }
    }

    private static InputParameters ReadInputParameters(ref Utf8JsonReader reader)
    {
        var parameters = default(InputParameters);
        if (!NextIsObject(ref reader, "parameters"))
        {
            return parameters;
        }

        while (Next(ref reader) && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("binary_data_size"u8))
            {
                Next(ref reader);
                parameters.BinaryDataSize = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var size) && size >= 0
                    ? size
                    : throw InferenceProtocolException.Invalid("Unable to parse 'binary_data_size': attempt to access JSON non-unsigned-integer as unsigned-integer");
            }
            else if (!parameters.Region.TryRead(ref reader))
            {
                SkipScalar(ref reader);
            }
        }

        return parameters;
    }

    private static (bool? Binary, int Classes, RegionParameters Region) ReadOutputParameters(ref Utf8JsonReader reader)
    {
        bool? isBinary = null;
        var classes = 0;
        var region = default(RegionParameters);
        if (!NextIsObject(ref reader, "parameters"))
        {
            return (null, 0, region);
        }

        while (Next(ref reader) && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("binary_data"u8))
            {
                isBinary = ReadBoolean(ref reader, "binary_data");
            }
            else if (reader.ValueTextEquals("classification"u8))
            {
                classes = RequestParameters.Classes(ReadInteger(ref reader));
            }
            else if (!region.TryRead(ref reader))
            {
                SkipScalar(ref reader);
            }
        }

        return (isBinary, classes, region);
    }

    private static long[] ReadShape(ref Utf8JsonReader reader)
    {
        ExpectArray(ref reader, "shape");
        Span<long> dimensions = stackalloc long[16];
        var count = 0;
        while (Next(ref reader) && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var dimension) || dimension < 0)
            {
                throw InferenceProtocolException.Internal("Unable to parse 'shape': attempt to access JSON non-unsigned-integer as unsigned-integer");
            }

            if (count == dimensions.Length)
            {
                throw InferenceProtocolException.Invalid($"Unable to parse 'shape': more than {dimensions.Length} dimensions are not supported");
            }

            dimensions[count++] = dimension;
        }

        return dimensions[..count].ToArray();
    }

    private static void CheckOneSource(bool sawData, InputParameters parameters)
    {
        if ((sawData ? 1 : 0) + (parameters.BinaryDataSize is null ? 0 : 1) + (parameters.Region.IsSet ? 1 : 0) == 1)
        {
            return;
        }

        const string Message = "Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', 'shared_memory_region' in 'parameters'. But ";
        var set = (sawData ? " 'data'" : "") + (parameters.BinaryDataSize is null ? "" : " 'binary_data_size'") + (parameters.Region.IsSet ? " 'shared_memory_region'" : "");
        throw InferenceProtocolException.Invalid(Message + (set.Length == 0 ? "no field is set" : "set" + set));
    }

    private static void Require(object? value, string member)
    {
        if (value is null)
        {
            throw InferenceProtocolException.Invalid($"Unable to parse '{member}': attempt to access non-existing object member '{member}'");
        }
    }

    private static string ReadText(ref Utf8JsonReader reader, string member)
    {
        Next(ref reader);
        return reader.TokenType == JsonTokenType.String
            ? reader.GetString()!
            : throw InferenceProtocolException.Invalid($"Unable to parse '{member}': attempt to access JSON non-string as string");
    }

    /// <summary>Null for anything but an integer.</summary>
    private static long? ReadInteger(ref Utf8JsonReader reader)
    {
        SkipScalar(ref reader);
        return reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var value) ? value : null;
    }

    private static bool ReadBoolean(ref Utf8JsonReader reader, string member)
    {
        Next(ref reader);
        return reader.TokenType switch
        {
            JsonTokenType.True => true,
            JsonTokenType.False => false,
            _ => throw InferenceProtocolException.Invalid($"Unable to parse '{member}': attempt to access JSON non-boolean as boolean"),
        };
    }

    private static bool NextIsObject(ref Utf8JsonReader reader, string member)
    {
        Next(ref reader);
        if (reader.TokenType == JsonTokenType.Null)
        {
            return false;
        }

        ExpectObject(ref reader, member);
        return true;
    }

    private static void ExpectArray(ref Utf8JsonReader reader, string member)
    {
        Next(ref reader);
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw InferenceProtocolException.Invalid($"Unable to parse '{member}': attempt to access JSON non-array as array");
        }
    }

    private static void ExpectObject(ref Utf8JsonReader reader, string member)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw InferenceProtocolException.Invalid($"Unable to parse '{member}': attempt to access JSON non-object as object");
        }
    }

    private static void SkipScalar(ref Utf8JsonReader reader)
    {
        Next(ref reader);
        if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
        {
            throw InferenceProtocolException.Invalid("Unable to parse 'parameters': a parameter is a string, a number or a boolean");
        }
    }

    private static void SkipValue(ref Utf8JsonReader reader)
    {
        Next(ref reader);
        var depth = reader.CurrentDepth;
        if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
        {
            while (Next(ref reader) && reader.CurrentDepth > depth)
            {
            }
        }
    }

    private static bool Next(ref Utf8JsonReader reader)
    {
        var more = reader.Read();
        if (reader.CurrentDepth >= MaximumDepth && reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
        {
            throw TooDeep();
        }

        return more;
    }

    internal static InferenceProtocolException TooDeep() =>
        InferenceProtocolException.Invalid($"JSON nesting depth exceeds maximum allowed limit ({MaximumDepth})");

    private struct InputParameters
    {
        public long? BinaryDataSize { get; set; }

        // A field, for it is filled in place.
        public RegionParameters Region;
    }
}
