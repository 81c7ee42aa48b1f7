using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Google.Protobuf;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Benchmarks.Serving;

/// <summary>An infer request of one FP32 tensor <c>x</c> in one of the protocol's forms.</summary>
/// <param name="Bytes">The HTTP body.</param>
/// <param name="Headers">Whole lines.</param>
internal sealed record InferBody(byte[] Bytes, string Headers)
{
    /// <param name="shape">The tensor's.</param>
    /// <param name="values">As many as the shape has.</param>
    /// <param name="format">How each is written.</param>
    public static InferBody Json(string shape, float[] values, string format = "R") => new(
        Encoding.ASCII.GetBytes($$"""{"inputs":[{"name":"x","shape":[{{shape}}],"datatype":"FP32","data":[{{string.Join(',', values.Select(value => value.ToString(format, CultureInfo.InvariantCulture)))}}]}]}"""),
        "Content-Type: application/json\r\n");

    public static InferBody Binary(string shape, float[] values)
    {
        var head = Encoding.ASCII.GetBytes(
            $$$"""{"inputs":[{"name":"x","shape":[{{{shape}}}],"datatype":"FP32","parameters":{"binary_data_size":{{{values.Length * sizeof(float)}}}}}],"parameters":{"binary_data_output":true}}""");
        return new InferBody([.. head, .. MemoryMarshal.AsBytes(values)], $"Content-Type: application/octet-stream\r\nInference-Header-Content-Length: {head.Length}\r\n");
    }

    public static ModelInferRequest Rpc(string model, long[] shape, float[] values)
    {
        var request = new ModelInferRequest { ModelName = model, Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "x", Datatype = "FP32", Shape = { shape } } } };
        request.RawInputContents.Add(ByteString.CopyFrom(MemoryMarshal.AsBytes(values)));
        return request;
    }
}
