using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Xunit;
using OrleansDL.Serving;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Tests.Serving;

public sealed class InferenceRequestReaderTests
{
    [Theory]
    [InlineData("""{"inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[1,2,3,4.5]}]}""")]
    [InlineData("""{"inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[[1,2],[3,4.5]]}]}""")]
    [InlineData("""{"inputs":[{"data":[[[1],[2]],[3,4.5]],"datatype":"FP32","shape":[2,2],"name":"x"}]}""")]
    [InlineData("""{"model_name":"stray","parameters":{"a":1,"b":"c","d":true},"inputs":[{"name":"x","extra":{"a":[1,{"b":2}]},"shape":[2,2],"datatype":"FP32","data":[1,2,3,4.5]}],"outputs":[]}""")]
    public void Flat_and_nested_data_in_any_order_of_members_make_the_same_tensor(string json)
    {
        var call = Read(json);

        var input = Assert.Single(call.Inputs);
        Assert.Equal("x", input.Name);
        Assert.Equal([2, 2], input.Shape);
        Assert.Equal([1f, 2f, 3f, 4.5f], MemoryMarshal.Cast<byte, float>(input.Data.Span).ToArray());
    }

    [Theory]
    [InlineData("BOOL", "true,false", "0100")]
    [InlineData("UINT8", "0,255", "00FF")]
    [InlineData("UINT16", "0,65535", "0000FFFF")]
    [InlineData("UINT32", "1,4294967295", "01000000FFFFFFFF")]
    [InlineData("UINT64", "1,18446744073709551615", "0100000000000000FFFFFFFFFFFFFFFF")]
    [InlineData("INT8", "-128,127", "807F")]
    [InlineData("INT16", "-32768,32767", "0080FF7F")]
    [InlineData("INT32", "-2147483648,2147483647", "00000080FFFFFF7F")]
    [InlineData("INT64", "-9223372036854775808,9223372036854775807", "0000000000000080FFFFFFFFFFFFFF7F")]
    [InlineData("FP32", "1,-1.5", "0000803F0000C0BF")]
    [InlineData("FP64", "1,-1e2", "000000000000F03F00000000000059C0")]
    [InlineData("BYTES", "\"a\",\"\\u00fc\"", "010000006102000000C3BC")]
    public void Every_datatype_is_read_over_its_whole_range(string datatype, string data, string expected)
    {
        var call = Read($$"""{"inputs":[{"name":"x","shape":[2],"datatype":"{{datatype}}","data":[{{data}}]}]}""");

        Assert.Equal(expected, Convert.ToHexString(call.Inputs[0].Data.Span));
    }

    [Theory]
    [InlineData("UINT8", "256")]
    [InlineData("UINT8", "-1")]
    [InlineData("INT8", "128")]
    [InlineData("INT16", "-32769")]
    [InlineData("UINT32", "4294967296")]
    [InlineData("INT64", "9223372036854775808")]
    [InlineData("UINT64", "18446744073709551616")]
    [InlineData("UINT64", "-1")]
    [InlineData("INT32", "1.5")]
    [InlineData("INT32", "1e2")]
    [InlineData("FP32", "1e39")]
    [InlineData("FP64", "1e309")]
    [InlineData("FP32", "\"1\"")]
    [InlineData("FP32", "null")]
    [InlineData("FP32", "{}")]
    [InlineData("BOOL", "1")]
    [InlineData("BYTES", "1")]
    public void A_value_that_is_none_of_its_datatype_is_refused_by_name(string datatype, string value)
    {
        var error = Assert.Throws<InferenceProtocolException>(() =>
            Read($$"""{"inputs":[{"name":"x","shape":[1],"datatype":"{{datatype}}","data":[{{value}}]}]}"""));

        Assert.Equal(400, error.Status);
        Assert.Contains("Unable to parse 'data'", error.Message, StringComparison.Ordinal);
        Assert.Contains(datatype, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 400, "failed to parse the request JSON buffer")]
    [InlineData("AAAA", 400, "failed to parse the request JSON buffer: Invalid value. at 0")]
    [InlineData("[]", 400, "an object is expected")]
    [InlineData("{", 400, "failed to parse the request JSON buffer")]
    [InlineData("""{"inputs":[]}x""", 400, "failed to parse the request JSON buffer")]
    [InlineData("{}", 400, "Unable to parse 'inputs'")]
    [InlineData("""{"inputs":{}}""", 400, "Unable to parse 'inputs'")]
    [InlineData("""{"inputs":[1]}""", 400, "Unable to parse 'inputs'")]
    [InlineData("""{"inputs":[{"shape":[1],"datatype":"FP32","data":[1]}]}""", 400, "Unable to parse 'name'")]
    [InlineData("""{"inputs":[{"name":"x","datatype":"FP32","data":[1]}]}""", 400, "Unable to parse 'shape'")]
    [InlineData("""{"inputs":[{"name":"x","shape":[-1],"datatype":"FP32","data":[1]}]}""", 500, "Unable to parse 'shape': attempt to access JSON non-unsigned-integer as unsigned-integer")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1],"datatype":"FP33","data":[1]}]}""", 400, "invalid datatype 'FP33'")]
    [InlineData("""{"inputs":[{"name":"x","shape":[2],"datatype":"FP32","data":[1]}]}""", 500, "Unable to parse 'data': Shape does not match true shape of 'data' field")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1,2]}]}""", 500, "Unable to parse 'data': Shape does not match true shape of 'data' field")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1000000000000],"datatype":"FP32","data":[1,2]}]}""", 500, "Shape does not match true shape of 'data' field")]
    [InlineData("""{"inputs":[{"name":"x","shape":[9223372036854775807,2],"datatype":"FP32","data":[1]}]}""", 400, "invalid shape for input 'x': shape [9223372036854775807,2] causes total element count to exceed maximum size of 9223372036854775807")]
    [InlineData("""{"inputs":[{"name":"x","shape":[4611686018427387904],"datatype":"FP32","data":[1]}]}""", 400, "byte size overflow for input 'x'")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1],"datatype":"FP16","data":[1]}]}""", 400, "receiving FP16 data via JSON is not supported. Please use the binary data format for input x")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1],"datatype":"FP32"}]}""", 400, "Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', 'shared_memory_region' in 'parameters'. But no field is set")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1],"parameters":{"binary_data_size":4}}]}""", 400, "But set 'data' 'binary_data_size'")]
    [InlineData("""{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","parameters":{"binary_data_size":4}}]}""", 400, "unexpected size for input 'x', expecting 4 additional bytes for model 'm'")]
    [InlineData("""{"inputs":[],"outputs":[{"name":"y"},{"name":"y"}]}""", 400, "Duplicate output name 'y' is not allowed in a request")]
    [InlineData("""{"parameters":{"triton_x":1},"inputs":[]}""", 400, "parameter keys starting with 'triton_' are reserved")]
    public void A_malformed_request_is_refused_in_the_words_clients_look_for(string json, int status, string message)
    {
        var error = Assert.Throws<InferenceProtocolException>(() => Read(json));

        Assert.Equal(status, error.Status);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data")]
    [InlineData("other")]
    public void Nesting_beyond_100_levels_is_refused(string member)
    {
        var deep = new string('[', 200) + "1" + new string(']', 200);

        var error = Assert.Throws<InferenceProtocolException>(() =>
            Read($$"""{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","{{member}}":{{deep}}}]}"""));

        Assert.Equal(400, error.Status);
        Assert.Contains("JSON nesting depth exceeds maximum allowed limit (100)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Binary_inputs_are_taken_from_the_tail_in_order_and_not_copied()
    {
        const string Json = """{"inputs":[{"name":"a","shape":[2],"datatype":"INT16","parameters":{"binary_data_size":4}},{"name":"b","shape":[1],"datatype":"FP32","data":[1]},{"name":"c","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":9}}],"outputs":[{"name":"o","parameters":{"binary_data":true}},{"name":"p"}],"parameters":{"binary_data_output":true}}""";
        byte[] body = [.. Encoding.UTF8.GetBytes(Json), 1, 0, 2, 0, 1, 0, 0, 0, (byte)'x', 0, 0, 0, 0];

        var call = InferenceRequestReader.Read(body, Json.Length, "m");

        Assert.Equal([1, 0, 2, 0], call.Inputs[0].Data.ToArray());
        Assert.Equal([1, 0, 0, 0, (byte)'x', 0, 0, 0, 0], call.Inputs[2].Data.ToArray());
        Assert.True(call.Inputs[0].Data.Span.Overlaps(body));
        Assert.True(call.WantsBinary("o"));
        Assert.False(call.WantsBinary("p"));
    }

    [Theory]
    [InlineData("INT16", 2, 3, "input byte size mismatch for input 'a' for model 'm'. Expected 4, got 3")]
    [InlineData("BYTES", 1, 3, "incomplete string length indicator for inference input 'a' for model 'm', expecting 4 bytes but only 3 bytes available.")]
    [InlineData("BYTES", 2, 4, "expected 2 string elements for inference input 'a' for model 'm', got 1")]
    public void Binary_data_of_the_wrong_size_is_refused(string datatype, int elements, int bytes, string message)
    {
        var json = $$"""{"id":"7","inputs":[{"name":"a","shape":[{{elements}}],"datatype":"{{datatype}}","parameters":{"binary_data_size":{{bytes}} } }]}""";

        var error = Assert.Throws<InferenceProtocolException>(() =>
            InferenceRequestReader.Read((byte[])[.. Encoding.UTF8.GetBytes(json), .. new byte[bytes]], json.Length, "m"));

        Assert.Equal("[request id: 7] " + message, error.Message);
    }

    [Fact]
    public void Bytes_left_over_are_refused()
    {
        const string Json = """{"inputs":[]}""";

        var error = Assert.Throws<InferenceProtocolException>(() =>
            InferenceRequestReader.Read((byte[])[.. Encoding.UTF8.GetBytes(Json), 0], Json.Length, "m"));

        Assert.Equal("unexpected additional input data for model 'm'", error.Message);
    }

    [Theory]
    [InlineData(null, 10, 10)]
    [InlineData("4", 10, 4)]
    [InlineData("0", 10, 0)]
    public void The_header_length_splits_the_body(string? header, int body, int expected) =>
        Assert.Equal(expected, HeaderLength.Parse(header, body));

    [Theory]
    [InlineData("-1", "inference header size should be in range (0, 10), got: -1")]
    [InlineData("11", "inference header size should be in range (0, 10), got: 11")]
    [InlineData("x", "Unable to parse Inference-Header-Content-Length, got: x")]
    [InlineData("99999999999", "Unable to parse Inference-Header-Content-Length, got: 99999999999")]
    public void A_wrong_header_length_is_refused(string header, string message) =>
        Assert.Equal(message, Assert.Throws<InferenceProtocolException>(() => HeaderLength.Parse(header, 10)).Message);

    [Property(MaxTest = 200)]
    public void Any_floats_read_as_the_framework_reads_them(NormalFloat[] values)
    {
        var floats = values.Select(value => (float)value.Get).Where(float.IsFinite).ToArray();
        var data = string.Join(',', floats.Select(value => value.ToString("R", CultureInfo.InvariantCulture)));

        var call = Read($$"""{"inputs":[{"name":"x","shape":[{{floats.Length}}],"datatype":"FP32","data":[{{data}}]}]}""");

        Assert.Equal(floats, MemoryMarshal.Cast<byte, float>(call.Inputs[0].Data.Span).ToArray());
    }

    [Property(MaxTest = 200)]
    public void Any_strings_survive_request_and_answer(NonNull<string>[] values)
    {
        // A lone surrogate has no UTF-8 form.
        var texts = values.Select(value => value.Get).Where(text => text.All(character => !char.IsSurrogate(character))).ToArray();
        var json = JsonSerializer.Serialize(new { inputs = new[] { new { name = "x", shape = new[] { texts.Length }, datatype = "BYTES", data = texts } } });
        var call = Read(json);
        using var body = new PooledBytes();

        InferenceResponseWriter.Write(body, call, new InferAnswer { Outputs = call.Inputs }, "m", 1);

        using var answer = JsonDocument.Parse(body.Written);
        Assert.Equal(texts, answer.RootElement.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(element => element.GetString()));
    }

    [Property(MaxTest = 500)]
    public void Damaged_requests_are_refused_and_never_crash(int position, byte value)
    {
        var bytes = """{"id":"a","inputs":[{"name":"x","shape":[2,1],"datatype":"FP32","data":[[1.5],[2]]},{"name":"b","shape":[1],"datatype":"BYTES","data":["a\n"]}],"outputs":[{"name":"y","parameters":{"binary_data":true}}]}"""u8.ToArray();
        bytes[(int)((uint)position % (uint)bytes.Length)] = value;

        try
        {
            InferenceRequestReader.Read(bytes, bytes.Length, "m");
        }
        catch (InferenceProtocolException error)
        {
            Assert.NotEmpty(error.Message);
        }
    }

    private static InferenceCall Read(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        return InferenceRequestReader.Read(bytes, bytes.Length, "m");
    }
}
