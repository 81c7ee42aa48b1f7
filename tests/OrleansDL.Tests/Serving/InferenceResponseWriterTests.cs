using System.Runtime.InteropServices;
using System.Text;
using OrleansDL.Serving;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Tests.Serving;

public sealed class InferenceResponseWriterTests
{
    [Fact]
    public void An_answer_is_flat_JSON_with_the_id_echoed()
    {
        using var body = new PooledBytes();

        var jsonLength = InferenceResponseWriter.Write(body, new InferenceCall { Id = "a\"b" }, Answer([1f, 0.1f, -2.5e20f]), "m", 3);

        Assert.Null(jsonLength);
        Assert.Equal(
            """{"id":"a\"b","model_name":"m","model_version":"3","outputs":[{"name":"y","datatype":"FP32","shape":[3],"data":[1,0.1,-2.5E+20]}]}""",
            Encoding.UTF8.GetString(body.Written.Span));
    }

    [Fact]
    public void A_binary_output_follows_the_JSON()
    {
        using var body = new PooledBytes();

        var jsonLength = InferenceResponseWriter.Write(body, new InferenceCall { BinaryDataOutput = true }, Answer([1f, float.NaN]), "m", 3);

        Assert.Equal(body.Length - 8, jsonLength);
        Assert.EndsWith("\"parameters\":{\"binary_data_size\":8}}]}", Encoding.UTF8.GetString(body.Written.Span[..jsonLength!.Value]), StringComparison.Ordinal);
        Assert.Equal(MemoryMarshal.AsBytes<float>([1f, float.NaN]).ToArray(), body.Written[jsonLength.Value..].ToArray());
    }

    [Fact]
    public void Not_a_number_is_never_written_as_JSON()
    {
        using var body = new PooledBytes();

        var error = Assert.Throws<InferenceProtocolException>(() =>
            InferenceResponseWriter.Write(body, new InferenceCall(), Answer([float.NaN]), "m", 3));

        Assert.Contains("output 'y' holds NaN", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_never_written_as_JSON()
    {
        using var body = new PooledBytes();
        var answer = new InferAnswer { Outputs = [new Tensor { Name = "y", Type = TensorElementType.Bytes, Shape = [1], Data = new byte[] { 1, 0, 0, 0, 0xFA } }] };

        var error = Assert.Throws<InferenceProtocolException>(() => InferenceResponseWriter.Write(body, new InferenceCall(), answer, "m", 3));

        Assert.Contains("Please use the binary data format for output y", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Metadata_names_inputs_and_outputs()
    {
        using var body = new PooledBytes();
        var signature = new ModelSignature
        {
            Inputs = [new TensorSpec { Name = "x", Type = TensorElementType.Fp32, Shape = [-1, 4] }],
            Outputs = [new TensorSpec { Name = "y", Type = TensorElementType.Int64, Shape = [-1] }],
        };

        ProtocolBodies.WriteModelMetadata(body, "m", [2], signature, "onnxruntime_onnx");

        Assert.Equal(
            """{"name":"m","versions":["2"],"platform":"onnxruntime_onnx","inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]}],"outputs":[{"name":"y","datatype":"INT64","shape":[-1]}]}""",
            Encoding.UTF8.GetString(body.Written.Span));
    }

    private static InferAnswer Answer(float[] values) => new()
    {
        Outputs = [new Tensor { Name = "y", Type = TensorElementType.Fp32, Shape = [values.Length], Data = MemoryMarshal.AsBytes<float>(values).ToArray() }],
    };
}
