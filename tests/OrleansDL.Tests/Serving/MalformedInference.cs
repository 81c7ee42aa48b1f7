using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using Google.Protobuf;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Tests.Serving;

/// <summary>Requests for inference, spoilt in one way or several; the same seed spoils the same way.</summary>
/// <param name="seed">Of all the draws.</param>
internal sealed class MalformedInference(int seed)
{
    private static readonly string[] Tokens =
    [
        "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "-1", "0", "-0", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e-400", "0x10",
        "4294967296", "1.5", "null", "true", "{}", "[]", "[[[]]]", "\"\"", "\"\\ud800\"", "\"\\u0000\"", "\"FP16\"", "\"BYTES\"", "\"INT4\"", "\"x\"", "\"y\"",
        "{\"binary_data_size\":4}", "{\"classification\":-1}", "{\"classification\":1e18}", "{\"shared_memory_region\":\"r\"}", "{\"triton_x\":1}", "{\"timeout\":-5}",
        "{\"priority\":\"high\"}", "[1,[2,[3,4]]]", "[1,2,3", "\u00e9", "\"\ud83d\ude00\"", ",", ":", "]", "}", "\"", "\\", "\0",
    ];

    private static readonly string[] Encodings = ["gzip", "deflate", "br", "identity", "gzip, gzip", "x", ""];
    private static readonly string[] Paths = ["open", "open/versions/1", "open/versions/0", "open/versions/-1", "open/versions/99999999999999999999", "o%2Fpen", "%7F", "nobody", "open/versions/%F0%9F%98%80", "%ff"];
    private static readonly string[] HeaderLengths = ["-1", "0", "2147483648", "99999999999999999999", "abc", " 5", "1e3", "1"];

    private readonly Random _random = new(seed);

    /// <summary>One request to the REST side.</summary>
    public HttpRequestMessage NextRest()
    {
        var binary = _random.Next(3) == 0;
        var body = binary ? Binary(out var header) : Json(out header);
        if (_random.Next(20) == 0)
        {
            header = Pick(HeaderLengths);
        }

        var encoding = _random.Next(10) == 0 ? Pick(Encodings) : null;
        if (encoding is "gzip" or "deflate" && _random.Next(2) == 0)
        {
            body = Compress(body, encoding);
        }

        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(header is null ? "application/json" : "application/octet-stream");
        if (header is not null)
        {
            content.Headers.TryAddWithoutValidation("Inference-Header-Content-Length", header);
        }

        if (encoding is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        }

        var path = _random.Next(20) == 0 ? Pick(Paths) : "open";
        return new HttpRequestMessage(HttpMethod.Post, new Uri($"/v2/models/{path}/infer", UriKind.Relative)) { Content = content };
    }

    /// <summary>The bytes of one call over gRPC, and whether they are a message at all.</summary>
    /// <param name="good">A call that would be answered.</param>
    public (byte[] Bytes, bool IsMessage) NextRpc(byte[] good)
    {
        var request = ModelInferRequest.Parser.ParseFrom(good);
        for (var change = _random.Next(3); change >= 0; change--)
        {
            Spoil(request);
        }

        var bytes = request.ToByteArray();
        if (_random.Next(3) > 0)
        {
            return (bytes, true);
        }

        bytes = Spoil(bytes);
        try
        {
            ModelInferRequest.Parser.ParseFrom(bytes);
            return (bytes, true);
        }
        catch (InvalidProtocolBufferException)
        {
            return (bytes, false);
        }
    }

    private void Spoil(ModelInferRequest request)
    {
        var input = request.Inputs.Count > 0 ? request.Inputs[_random.Next(request.Inputs.Count)] : new ModelInferRequest.Types.InferInputTensor();
        switch (_random.Next(12))
        {
            case 0:
                input.Shape.Clear();
                input.Shape.Add(Enumerable.Range(0, _random.Next(300)).Select(_ => _random.Next(3) == 0 ? _random.NextInt64(long.MinValue, long.MaxValue) : _random.Next(5)));
                break;
            case 1:
                input.Datatype = Datatype();
                break;
            case 2:
                input.Name = Pick(Tokens.Where(token => !token.Any(char.IsSurrogate)).ToArray());
                break;
            case 3:
                request.RawInputContents.Add(ByteString.CopyFrom(new byte[_random.Next(40)]));
                break;
            case 4:
                request.RawInputContents.Clear();
                break;
            case 5:
                request.RawInputContents.Clear();
                input.Contents = new InferTensorContents { Fp32Contents = { Enumerable.Repeat(float.NaN, _random.Next(6)) }, IntContents = { Enumerable.Repeat(int.MinValue, _random.Next(3)) } };
                break;
            case 6:
                request.Inputs.Add(input.Clone());
                break;
            case 7:
                request.Inputs.Clear();
                break;
            case 8:
                request.Parameters[Pick(["priority", "timeout", "sequence_id", "sequence_start", "triton_x", "binary_data_output", ""])] = Parameter();
                break;
            case 9:
                input.Parameters[Pick(["binary_data_size", "shared_memory_region", "shared_memory_byte_size"])] = Parameter();
                break;
            case 10:
                request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = Pick(["y", "z", ""]), Parameters = { ["classification"] = Parameter() } });
                break;
            default:
                request.ModelVersion = Pick(["-1", "0", "one", "1", "99999999999999999999", " 1"]);
                break;
        }
    }

    private InferParameter Parameter() => _random.Next(5) switch
    {
        0 => new InferParameter { Int64Param = _random.NextInt64(long.MinValue, long.MaxValue) },
        1 => new InferParameter { StringParam = "one" },
        2 => new InferParameter { BoolParam = true },
        3 => new InferParameter { DoubleParam = double.NaN },
        _ => new InferParameter(),
    };

    private byte[] Json(out string? header)
    {
        header = null;
        var text = $$$"""
            {"id":"a","inputs":[{"name":"x","shape":[{{{Shape()}}}],"datatype":"{{{Datatype()}}}","data":[{{{Values()}}}]{{{Extra()}}} }],"outputs":[{"name":"{{{(_random.Next(10) == 0 ? "z" : "y")}}}"{{{Extra()}}} }]{{{Extra()}}} }
            """;
        return SpoilText(text);
    }

    private byte[] Binary(out string? header)
    {
        var size = _random.Next(8) switch { 0 => "-4", 1 => "15", 2 => "2147483648", 3 => "9223372036854775808", 4 => "\"16\"", 5 => "0", _ => "16" };
        var json = Encoding.UTF8.GetBytes(
            $$$"""{"inputs":[{"name":"x","shape":[{{{Shape()}}}],"datatype":"{{{Datatype()}}}","parameters":{"binary_data_size":{{{size}}} } } ],"parameters":{"binary_data_output":true} }""");
        var tail = new byte[_random.Next(4) switch { 0 => 0, 1 => 15, 2 => 64, _ => 16 }];
        _random.NextBytes(tail);
        if (_random.Next(2) == 0 && tail.Length >= sizeof(uint))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(tail, (uint)_random.NextInt64(uint.MaxValue));
        }

        header = (json.Length + (_random.Next(5) == 0 ? _random.Next(-20, 40) : 0)).ToString(CultureInfo.InvariantCulture);
        return _random.Next(4) == 0 ? Spoil([.. json, .. tail]) : [.. json, .. tail];
    }

    private string Shape() => _random.Next(12) switch
    {
        0 => "",
        1 => "-1,4",
        2 => "9223372036854775807,9223372036854775807",
        3 => "4294967296,4294967296,4",
        4 => "0,4",
        5 => "1,5",
        6 => "1.5,4",
        7 => string.Join(',', Enumerable.Repeat("1", 300)),
        8 => "1,9223372036854775807",
        _ => "1,4",
    };

    private string Datatype() => _random.Next(4) == 0
        ? Pick(["BOOL", "INT8", "UINT64", "FP16", "BF16", "FP64", "BYTES", "", "fp32", "FP32 ", "STRING"])
        : "FP32";

    private string Values() => _random.Next(8) switch
    {
        0 => "",
        1 => "1,2,3",
        2 => "1,2,3,4,5",
        3 => "[1,2],[3,4]",
        4 => string.Join(',', Enumerable.Range(0, 4).Select(_ => Pick(Tokens))),
        5 => "\"a\",\"b\",\"c\",\"d\"",
        _ => "1,2,3,4",
    };

    private string Extra() => _random.Next(6) == 0 ? $",\"{Pick(["parameters", "data", "shape", "name", "inputs", "outputs", "id", "other"])}\":{Pick(Tokens)}" : "";

    private byte[] SpoilText(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        if (_random.Next(3) == 0)
        {
            var token = Encoding.UTF8.GetBytes(Pick(Tokens));
            var at = _random.Next(bytes.Length);
            bytes = [.. bytes[..at], .. token, .. bytes[Math.Min(bytes.Length, at + _random.Next(3))..]];
        }

        return _random.Next(3) == 0 ? Spoil(bytes) : bytes;
    }

    private byte[] Spoil(byte[] bytes)
    {
        if (bytes.Length == 0)
        {
            return [0];
        }

        var at = _random.Next(bytes.Length);
        switch (_random.Next(5))
        {
            case 0:
                return bytes[..at];
            case 1:
                var changed = (byte[])bytes.Clone();
                changed[at] ^= (byte)(1 << _random.Next(8));
                return changed;
            case 2:
                var noise = new byte[_random.Next(1, 12)];
                _random.NextBytes(noise);
                return [.. bytes[..at], .. noise, .. bytes[at..]];
            case 3:
                var end = Math.Min(bytes.Length, at + _random.Next(1, 40));
                return [.. bytes[..end], .. bytes[at..]];
            default:
                return [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + _random.Next(1, 8))..]];
        }
    }

    private byte[] Compress(byte[] bytes, string encoding)
    {
        using var compressed = new MemoryStream();
        using (Stream stream = encoding == "gzip" ? new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true) : new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            stream.Write(bytes);
        }

        var whole = compressed.ToArray();
        return _random.Next(2) == 0 ? Spoil(whole) : whole;
    }

    private T Pick<T>(T[] from) => from[_random.Next(from.Length)];
}
