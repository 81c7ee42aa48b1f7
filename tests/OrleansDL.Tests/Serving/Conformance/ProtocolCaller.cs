using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using OrleansDL.Serving;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>Asks a model in each way the protocol knows, and brings the answers into one form.</summary>
internal static class ProtocolCaller
{
    /// <summary>REST with the tensors' bytes behind the JSON.</summary>
    public static async Task<IReadOnlyList<Tensor>> BinaryAsync(HttpClient client, string model, IReadOnlyList<Tensor> inputs)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(new
        {
            parameters = new { binary_data_output = true },
            inputs = inputs.Select(input => new { name = input.Name, shape = input.Shape, datatype = Datatypes.NameOf(input.Type), parameters = new { binary_data_size = input.Data.Length } }),
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v2/models/{model}/infer") { Content = new ByteArrayContent([.. json, .. inputs.SelectMany(input => input.Data.ToArray())]) };
        request.Headers.Add("Inference-Header-Content-Length", $"{json.Length}");
        using var response = await client.SendAsync(request);
        var body = await response.Content.ReadAsByteArrayAsync();
        var length = response.Headers.TryGetValues("Inference-Header-Content-Length", out var values) ? int.Parse(values.Single()) : body.Length;
        using var answer = Parse(response, body.AsMemory(0, length));
        var at = length;
        var outputs = new List<Tensor>();
        foreach (var output in answer.RootElement.GetProperty("outputs").EnumerateArray())
        {
            var size = output.GetProperty("parameters").GetProperty("binary_data_size").GetInt32();
            outputs.Add(Describe(output, body.AsMemory(at, size)));
            at += size;
        }

        return outputs;
    }

    /// <summary>REST with everything as JSON.</summary>
    public static async Task<IReadOnlyList<Tensor>> JsonAsync(HttpClient client, string model, IReadOnlyList<Tensor> inputs)
    {
        var json = string.Join(',', inputs.Select(input => $$"""{"name":{{JsonSerializer.Serialize(input.Name)}},"shape":[{{string.Join(',', input.Shape)}}],"datatype":"{{Datatypes.NameOf(input.Type)}}","data":[{{Text(input)}}]}"""));
        using var response = await client.PostAsync($"/v2/models/{model}/infer", new StringContent($$"""{"inputs":[{{json}}]}"""));
        using var answer = Parse(response, await response.Content.ReadAsByteArrayAsync());
        return [.. answer.RootElement.GetProperty("outputs").EnumerateArray().Select(output => Describe(output, Bytes(output)))];
    }

    public static async Task<IReadOnlyList<Tensor>> RpcAsync(GRPCInferenceService.GRPCInferenceServiceClient client, string model, IReadOnlyList<Tensor> inputs)
    {
        var request = new ModelInferRequest { ModelName = model };
        foreach (var input in inputs)
        {
            request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = input.Name, Datatype = Datatypes.NameOf(input.Type), Shape = { input.Shape } });
            request.RawInputContents.Add(ByteString.CopyFrom(input.Data.Span));
        }

        var answer = await client.ModelInferAsync(request);
        return [.. answer.Outputs.Select((output, index) => new Tensor
        {
            Name = output.Name,
            Type = Datatypes.TryParse(output.Datatype, out var type) ? type : throw new InvalidDataException(output.Datatype),
            Shape = [.. output.Shape],
            Data = answer.RawOutputContents[index].ToByteArray(),
        })];
    }

    private static JsonDocument Parse(HttpResponseMessage response, ReadOnlyMemory<byte> json) => response.IsSuccessStatusCode
        ? JsonDocument.Parse(json)
        : throw new InvalidDataException($"{(int)response.StatusCode} {Encoding.UTF8.GetString(json.Span)}");

    private static Tensor Describe(JsonElement output, ReadOnlyMemory<byte> data) => new()
    {
        Name = output.GetProperty("name").GetString()!,
        Type = Datatypes.TryParse(output.GetProperty("datatype").GetString()!, out var type) ? type : throw new InvalidDataException(output.ToString()),
        Shape = [.. output.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())],
        Data = data,
    };

    private static string Text(Tensor tensor)
    {
        using var text = new PooledBytes();
        InferenceResponseWriter.WriteData(text, tensor);
        return Encoding.UTF8.GetString(text.Written.Span);
    }

    private static byte[] Bytes(JsonElement output)
    {
        using var bytes = new MemoryStream();
        foreach (var element in output.GetProperty("data").EnumerateArray())
        {
            bytes.Write(output.GetProperty("datatype").GetString() switch
            {
                "BOOL" => [element.GetBoolean() ? (byte)1 : (byte)0],
                "INT8" => [(byte)element.GetSByte()],
                "UINT8" => [element.GetByte()],
                "INT16" => BitConverter.GetBytes(element.GetInt16()),
                "UINT16" => BitConverter.GetBytes(element.GetUInt16()),
                "INT32" => BitConverter.GetBytes(element.GetInt32()),
                "UINT32" => BitConverter.GetBytes(element.GetUInt32()),
                "INT64" => BitConverter.GetBytes(element.GetInt64()),
                "UINT64" => BitConverter.GetBytes(element.GetUInt64()),
                "FP32" => BitConverter.GetBytes(element.GetSingle()),
                "FP64" => BitConverter.GetBytes(element.GetDouble()),
                _ => Counted(Encoding.UTF8.GetBytes(element.GetString()!)),
            });
        }

        return bytes.ToArray();
    }

    private static byte[] Counted(byte[] text)
    {
        var bytes = new byte[sizeof(uint) + text.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, text.Length);
        text.CopyTo(bytes, sizeof(uint));
        return bytes;
    }
}
