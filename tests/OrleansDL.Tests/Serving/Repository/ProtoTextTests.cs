using Google.Protobuf;
using OrleansDL.Serving;
using OrleansDL.Serving.Repository;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Tests.Serving.Repository;

public sealed class ProtoTextTests
{
    private const string Everything = """
        # A comment, and after it a field.
        name: "a" 'b' "\x63\144\n"  platform: "onnxruntime_onnx"; max_batch_size: 0x10,
        input [ { name: "x" data_type: TYPE_FP32 dims: [ -1, 4 ] }, { name: "y", data_type: 8; dims: 3 dims: 5 } ]
        output: < name: 'é' data_type: TYPE_STRING label_filename: "l.txt" >
        version_policy { specific { versions: [1, 3] } }
        parameters { key: "k" value: { string_value: "v" } }
        parameters: { value: { string_value: "w" } key: "l" }
        dynamic_batching { preferred_batch_size: [] max_queue_delay_microseconds: 18446744073709551615 priority_queue_policy { key: 1 value { timeout_action: DELAY } } }
        sequence_batching_is_not_here_but_see_below: 1
        """;

    [Fact]
    public void The_forms_of_the_text_format_are_read()
    {
        var config = ProtoText.Parse<ModelConfig>(Everything[..Everything.IndexOf("sequence_batching_is", StringComparison.Ordinal)]);

        Assert.Equal("abcd\n", config.Name);
        Assert.Equal(16, config.MaxBatchSize);
        Assert.Equal([-1, 4], config.Input[0].Dims);
        Assert.Equal((DataType.TypeInt32, 2), (config.Input[1].DataType, config.Input[1].Dims.Count));
        Assert.Equal(("é", "l.txt"), (config.Output.Single().Name, config.Output.Single().LabelFilename));
        Assert.Equal([1, 3], config.VersionPolicy.Specific.Versions);
        Assert.Equal(("v", "w"), (config.Parameters["k"].StringValue, config.Parameters["l"].StringValue));
        Assert.Equal(ulong.MaxValue, config.DynamicBatching.MaxQueueDelayMicroseconds);
        Assert.Equal(ModelQueuePolicy.Types.TimeoutAction.Delay, config.DynamicBatching.PriorityQueuePolicy[1].TimeoutAction);
    }

    [Theory]
    [InlineData("nam: 'x'", "line 1: ModelConfig has no field 'nam'")]
    [InlineData("\n\nmax_batch_size: many", "line 3: 'max_batch_size' is 'many', which is no Int32")]
    [InlineData("max_batch_size: 99999999999", "'max_batch_size' is '99999999999', which is no Int32")]
    [InlineData("max_batch_size: 1 max_batch_size: 2", "'max_batch_size', or what it excludes, is given twice")]
    [InlineData("dynamic_batching {} sequence_batching {}", "'sequence_batching', or what it excludes, is given twice")]
    [InlineData("name 'x'", "':' is expected, not a string")]
    [InlineData("name: 'x", "line 1: a string is not closed")]
    [InlineData("name: '\\q'", "'\\q' in a string means nothing")]
    [InlineData("name: x", "'name', a string in quotes, is expected, not 'x'")]
    [InlineData("input { name: 'x'", "the name of a field is expected, not the end")]
    [InlineData("input { data_type: TYPE_FP31 }", "'data_type' is 'TYPE_FP31', which DataType does not know")]
    [InlineData("parameters { kee: 'x' }", "an entry of 'parameters' has no field 'kee'")]
    public void What_is_no_such_message_is_refused_with_its_line(string text, string message)
    {
        var error = Assert.Throws<InvalidException>(() => ProtoText.Parse<ModelConfig>(text));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_cut_and_garbled_anywhere_ends_in_a_message_or_a_refusal()
    {
        var random = new Random(7);
        for (var round = 0; round < 20_000; round++)
        {
            var text = Everything.ToCharArray();
            for (var change = random.Next(4); change >= 0; change--)
            {
                text[random.Next(text.Length)] = random.Next(3) == 0 ? (char)random.Next(0x10000) : Everything[random.Next(Everything.Length)];
            }

            try
            {
                _ = ProtoText.Parse<ModelConfig>(new string(text, 0, random.Next(text.Length + 1))).ToByteArray();
            }
            catch (InvalidException error)
            {
                Assert.NotEmpty(error.Message);
            }
        }
    }

    [Fact]
    public void Messages_in_messages_without_end_are_refused()
    {
        var text = "sequence_batching { " + string.Concat(Enumerable.Repeat("state { ", 10_000));
        Assert.Throws<InvalidException>(() => ProtoText.Parse<ModelConfig>(text));
    }

    [Fact]
    public void The_signature_is_read_off_an_ONNX_file_and_no_other_file_has_one()
    {
        using var model = new MemoryStream(OffsetModel.Write(1, isWide: true));
        var signature = OnnxSignature.TryRead(model)!;

        var (input, output) = (Assert.Single(signature.Inputs), Assert.Single(signature.Outputs));
        Assert.Equal(("x", "y", TensorElementType.Fp32), (input.Name, output.Name, input.Type));
        Assert.Equal([-1, -1], input.Shape);
        var random = new Random(3);
        for (var round = 0; round < 2_000; round++)
        {
            var bytes = OffsetModel.Write(1);
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            using var damaged = new MemoryStream(bytes, 0, random.Next(bytes.Length));
            _ = OnnxSignature.TryRead(damaged);
        }
    }
}
