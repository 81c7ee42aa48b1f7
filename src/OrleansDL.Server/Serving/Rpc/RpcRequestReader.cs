using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Google.Protobuf.Collections;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Rpc.Wire;
using OrleansDL.Serving.SharedMemory;

namespace OrleansDL.Serving.Rpc;

/// <summary>Reads an infer request of gRPC. Raw contents are used where they lie; typed ones are laid out as raw bytes.</summary>
internal static class RpcRequestReader
{
    private const int MaximumDimensions = 16;

    public static InferenceCall Read(ModelInferRequest request, string model)
    {
        var call = new InferenceCall { Id = request.Id, BinaryDataOutput = true };
        ReadParameters(request.Parameters, call);
        var raw = request.RawInputContents.Count > 0;
        var sent = 0;
        foreach (var input in request.Inputs)
        {
            try
            {
                if (RegionParameters.Read(input.Parameters, input.Name) is { } part)
                {
                    call.ShareInput(part);
                    call.Inputs.Add(ReadShared(input, model));
                }
                else
                {
                    call.Inputs.Add(ReadInput(request, input, raw ? sent++ : null, model));
                }
            }
            catch (InferenceProtocolException error) when (error.LacksId)
            {
                throw InferenceProtocolException.Unfit(request.Id, error.Message);
            }
        }

        if (raw && request.RawInputContents.Count > sent)
        {
            throw InferenceProtocolException.Invalid($"unexpected additional input data for model '{model}'");
        }

        foreach (var output in request.Outputs)
        {
            if (call.Outputs.Exists(known => known.Name == output.Name))
            {
                throw InferenceProtocolException.Invalid(RequestParameters.TwiceAsked(output.Name));
            }

            var classes = Classes(output.Parameters);
            call.Outputs.Add(new RequestedOutput(output.Name, Binary: true, classes));
            if (RegionParameters.Read(output.Parameters, output.Name) is { } part)
            {
                if (classes > 0)
                {
                    throw InferenceProtocolException.Invalid($"output can't set both '{RegionParameters.RegionName}' and 'classification'");
                }

                call.ShareOutput(output.Name, part);
            }
        }

        return call;
    }

    private static Tensor ReadShared(ModelInferRequest.Types.InferInputTensor input, string model)
    {
        if (input.Contents is not null)
        {
            throw InferenceProtocolException.Invalid($"contents field must not be specified when using shared memory for '{input.Name}' for model '{model}'");
        }

        var (type, shape) = ReadForm(input, model);
        return new Tensor { Name = input.Name, Type = type, Shape = shape, Data = default };
    }

    private static Tensor ReadInput(ModelInferRequest request, ModelInferRequest.Types.InferInputTensor input, int? index, string model)
    {
        var (type, shape) = ReadForm(input, model);
        return new Tensor { Name = input.Name, Type = type, Shape = shape, Data = index is { } at ? ReadRaw(request, input, at, type, shape, model) : ReadTyped(input, type, shape, model) };
    }

    private static (TensorElementType Type, long[] Shape) ReadForm(ModelInferRequest.Types.InferInputTensor input, string model)
    {
        if (!Datatypes.TryParse(input.Datatype, out var type))
        {
            throw InferenceProtocolException.Invalid($"invalid datatype '{input.Datatype}' for input '{input.Name}' of model '{model}'");
        }

        var shape = input.Shape.ToArray();
        if (shape.Length > MaximumDimensions || shape.Any(dimension => dimension < 0))
        {
            throw InferenceProtocolException.Invalid(
                $"invalid shape for input '{input.Name}': shape {InferenceRequestCheck.Format(shape)} must have at most {MaximumDimensions} dimensions, none of them negative");
        }

        TensorSize.CheckCount(input.Name, shape, type);
        return (type, shape);
    }

    private static ReadOnlyMemory<byte> ReadRaw(ModelInferRequest request, ModelInferRequest.Types.InferInputTensor input, int index, TensorElementType type, long[] shape, string model)
    {
        if (input.Contents is not null)
        {
            throw InferenceProtocolException.Invalid($"contents field must not be specified when using raw_input_contents for '{input.Name}' for model '{model}'");
        }

        if (index >= request.RawInputContents.Count)
        {
            throw Missing(input.Name, model);
        }

        var data = request.RawInputContents[index].Memory;
        TensorSize.Check(data.Span, input.Name, type, shape, model);
        return data;
    }

    private static byte[] ReadTyped(ModelInferRequest.Types.InferInputTensor input, TensorElementType type, long[] shape, string model)
    {
        var contents = input.Contents ?? throw Missing(input.Name, model);
        TensorSize.TryCount(shape, out var count);
        var given = GivenIn(contents);
        if (given is null)
        {
            return count == 0 ? [] : throw Missing(input.Name, model);
        }

        if (given != FieldOf(type))
        {
            throw InferenceProtocolException.Invalid(
                $"unexpected explicit tensor data for input tensor '{input.Name}' for model '{model}' of type '{given}', expected datatype '{Datatypes.NameOf(type)}'");
        }

        byte[] bytes = type switch
        {
            TensorElementType.Bool => [.. contents.BoolContents.Select(value => value ? (byte)1 : (byte)0)],
            TensorElementType.Int8 => [.. contents.IntContents.Select(value => (byte)value)],
            TensorElementType.Int16 => Bytes(contents.IntContents, value => (short)value),
            TensorElementType.Int32 => Bytes(contents.IntContents, value => value),
            TensorElementType.Int64 => Bytes(contents.Int64Contents, value => value),
            TensorElementType.UInt8 => [.. contents.UintContents.Select(value => (byte)value)],
            TensorElementType.UInt16 => Bytes(contents.UintContents, value => (ushort)value),
            TensorElementType.UInt32 => Bytes(contents.UintContents, value => value),
            TensorElementType.UInt64 => Bytes(contents.Uint64Contents, value => value),
            TensorElementType.Fp32 => Bytes(contents.Fp32Contents, value => value),
            TensorElementType.Fp64 => Bytes(contents.Fp64Contents, value => value),
            _ => Strings(contents.BytesContents),
        };
        TensorSize.Check(bytes, input.Name, type, shape, model);
        return bytes;
    }

    /// <summary>The one typed field that holds data, by its type's name; null when none does.</summary>
    private static string? GivenIn(InferTensorContents contents) => contents switch
    {
        { BoolContents.Count: > 0 } => "BOOL",
        { IntContents.Count: > 0 } => "INT32",
        { Int64Contents.Count: > 0 } => "INT64",
        { UintContents.Count: > 0 } => "UINT32",
        { Uint64Contents.Count: > 0 } => "UINT64",
        { Fp32Contents.Count: > 0 } => "FP32",
        { Fp64Contents.Count: > 0 } => "FP64",
        { BytesContents.Count: > 0 } => "BYTES",
        _ => null,
    };

    /// <summary>The field a type's elements come in; FP16 and BF16 have none.</summary>
    private static string FieldOf(TensorElementType type) => type switch
    {
        TensorElementType.Int8 or TensorElementType.Int16 => "INT32",
        TensorElementType.UInt8 or TensorElementType.UInt16 => "UINT32",
        TensorElementType.Fp16 or TensorElementType.Bf16 => "raw",
        _ => Datatypes.NameOf(type),
    };

    private static byte[] Bytes<TFrom, TTo>(RepeatedField<TFrom> values, Func<TFrom, TTo> convert)
        where TTo : unmanaged
    {
        var result = new byte[values.Count * Unsafe.SizeOf<TTo>()];
        var target = MemoryMarshal.Cast<byte, TTo>(result.AsSpan());
        for (var i = 0; i < target.Length; i++)
        {
            target[i] = convert(values[i]);
        }

        return result;
    }

    private static byte[] Strings(RepeatedField<ByteString> values)
    {
        var result = new byte[values.Sum(value => (long)sizeof(uint) + value.Length)];
        var at = 0;
        foreach (var value in values)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(result.AsSpan(at), (uint)value.Length);
            value.Span.CopyTo(result.AsSpan(at + sizeof(uint)));
            at += sizeof(uint) + value.Length;
        }

        return result;
    }

    private static int Classes(MapField<string, InferParameter> parameters) => parameters.TryGetValue("classification", out var value)
        ? RequestParameters.Classes(value.ParameterChoiceCase is InferParameter.ParameterChoiceOneofCase.Int64Param ? value.Int64Param : null)
        : 0;

    private static void ReadParameters(MapField<string, InferParameter> parameters, InferenceCall call)
    {
        foreach (var (key, value) in parameters)
        {
            switch (key)
            {
                case "priority":
                    call.Priority = RequestParameters.Priority(Integer(value));
                    break;
                case "timeout":
                    call.TimeoutMicroseconds = RequestParameters.Timeout(Integer(value));
                    break;
                case "sequence_id":
                    ReadSequenceId(value, call);
                    break;
                case "sequence_start":
                    call.IsSequenceStart = Flag(key, value);
                    break;
                case "sequence_end":
                    call.IsSequenceEnd = Flag(key, value);
                    break;
                case not "triton_enable_empty_final_response" when key.StartsWith("triton_", StringComparison.Ordinal):
                    throw RequestParameters.Reserved();
                default:
                    AddOwn(key, value, call);
                    break;
            }
        }
    }

    private static void ReadSequenceId(InferParameter value, InferenceCall call)
    {
        switch (value.ParameterChoiceCase)
        {
            case InferParameter.ParameterChoiceOneofCase.Int64Param:
                // The id is unsigned; what has no other field came as its bits.
                call.SequenceNumber = unchecked((ulong)value.Int64Param);
                break;
            case InferParameter.ParameterChoiceOneofCase.Uint64Param:
                call.SequenceNumber = value.Uint64Param;
                break;
            case InferParameter.ParameterChoiceOneofCase.StringParam:
                call.SequenceText = RequestParameters.SequenceText(value.StringParam);
                break;
            default:
                throw RequestParameters.WrongSequenceId();
        }
    }

    private static void AddOwn(string key, InferParameter value, InferenceCall call)
    {
        var json = value.ParameterChoiceCase switch
        {
            InferParameter.ParameterChoiceOneofCase.BoolParam => value.BoolParam ? "true" : "false",
            InferParameter.ParameterChoiceOneofCase.Int64Param => value.Int64Param.ToString(CultureInfo.InvariantCulture),
            InferParameter.ParameterChoiceOneofCase.Uint64Param => value.Uint64Param.ToString(CultureInfo.InvariantCulture),
            InferParameter.ParameterChoiceOneofCase.DoubleParam => double.IsFinite(value.DoubleParam) ? value.DoubleParam.ToString("R", CultureInfo.InvariantCulture) : $"\"{value.DoubleParam.ToString(CultureInfo.InvariantCulture)}\"",
            InferParameter.ParameterChoiceOneofCase.StringParam => RequestParameters.Json(value.StringParam),
            _ => null,
        };
        if (json is not null)
        {
            call.AddParameter(key, json);
        }
    }

    private static bool Flag(string key, InferParameter value) => value.ParameterChoiceCase is InferParameter.ParameterChoiceOneofCase.BoolParam
        ? value.BoolParam
        : throw InferenceProtocolException.Invalid($"invalid value type for '{key}' parameter, expected bool_param.");

    private static long? Integer(InferParameter value) => value.ParameterChoiceCase switch
    {
        InferParameter.ParameterChoiceOneofCase.Int64Param => value.Int64Param,
        InferParameter.ParameterChoiceOneofCase.Uint64Param when value.Uint64Param <= long.MaxValue => (long)value.Uint64Param,
        _ => null,
    };

    private static InferenceProtocolException Missing(string input, string model) =>
        InferenceProtocolException.Invalid($"unable to find data for input tensor '{input}' for model '{model}' in request.");
}
