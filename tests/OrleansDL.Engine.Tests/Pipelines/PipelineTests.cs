using System.Text;
using System.Text.Json;
using OrleansDL.Data;
using OrleansDL.Pipelines;

namespace OrleansDL.Tests.Pipelines;

public sealed class PipelineTests
{
    private static readonly TablePipeline Table = new()
    {
        LabelColumn = "answer",
        Labels = ["no", "yes"],
        Columns =
        [
            new TableColumn { Name = "size", Type = TableColumnKind.Numeric, Mean = 2, Deviation = 0.5 },
            new TableColumn { Name = "side", Type = TableColumnKind.Categorical, Values = ["north", "south"] },
            new TableColumn { Name = "open", Type = TableColumnKind.Bool },
        ],
    };

    private static readonly ImagePipeline Image = new() { LabelColumn = "digit", Labels = ["0", "1"], Height = 1, Width = 2, Channels = 3, Scale = 2, Columns = ["a", "b", "c", "d", "e", "f"] };

    private static readonly TextPipeline Text = new() { LabelColumn = "mood", Labels = ["bad", "good"], Column = "text", MaxTokens = 4, Vocabulary = ["the", "it's"] };

    [Fact]
    public void Pipelines_never_change_their_form()
    {
        foreach (var (name, pipeline) in new (string, Pipeline)[] { ("table", Table), ("image", Image), ("text", Text) })
        {
            Golden.Check($"pipeline-{name}-v1.json", pipeline.Write());
            Assert.Equal(pipeline.Write(), Pipeline.Parse(pipeline.Write()).Write());
        }
    }

    [Fact]
    public void A_pipeline_of_a_later_version_is_refused() => Assert.Contains(
        "has version 2; this node reads version 1", Assert.Throws<InvalidException>(() => Pipeline.Parse((Table with { Version = 2 }).Write())).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""[3, "south", true]""", new float[] { 2, 0, 1, 1 })]
    [InlineData("""{"open": "0", "size": "1.5", "side": "east", "more": {}}""", new float[] { -1, 0, 0, 0 })]
    [InlineData("""[null, null, null]""", new float[] { 0, 0, 0, 0 })]
    public void A_row_of_a_table_is_encoded(string row, float[] expected) => Assert.Equal(expected, Encode<float>(Table, row));

    [Fact]
    public void Pixels_go_to_one_plane_per_channel() => Assert.Equal([1f, 2.5f, 1.5f, 3f, 2f, 3.5f], Encode<float>(Image, "[2,3,4,5,6,7]"));

    [Fact]
    public void Words_become_ids_with_padding_and_unknown() => Assert.Equal([2L, 1, 3, 0], Encode<long>(Text, "\"The cat: IT'S\""));

    [Theory]
    [InlineData("""[1e39, "north", true]""", "rows[0], column 'size': a number within the range of 32-bit floating point was expected, not '1e39'.")]
    [InlineData("""[1e999, "north", true]""", "rows[0], column 'size': a number")]
    [InlineData("""["NaN", "north", true]""", "rows[0], column 'size': a number")]
    [InlineData("""[true, "north", true]""", "rows[0], column 'size': a number within the range of 32-bit floating point was expected, not 'true'.")]
    [InlineData("""[1, "north", 3]""", "rows[0], column 'open': true or false was expected, not '3'.")]
    [InlineData("""[1, "north"]""", "rows[0] has 2 values where 3 were expected.")]
    [InlineData("""[1, "north", true, 1]""", "rows[0] has more than 3 values.")]
    [InlineData("""[1, ["north"], true]""", "rows[0], value 1: a number, a text, true, false or null was expected, not a nested array.")]
    [InlineData("""{"size": 1, "open": true}""", "rows[0] lacks column 'side'. Columns: size, side, open.")]
    [InlineData("""7""", "rows[0]: 3 values were expected")]
    public void A_row_that_does_not_fit_is_refused_with_its_place(string row, string message) =>
        Assert.StartsWith(message, Assert.Throws<InvalidException>(() => Encode<float>(Table, row)).Message, StringComparison.Ordinal);

    private static T[] Encode<T>(Pipeline pipeline, string json)
        where T : unmanaged
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        reader.Read();
        var target = new byte[pipeline.RowBytes];
        pipeline.EncodeJson(ref reader, new Row { Where = () => "rows[0]" }, target);
        return System.Runtime.InteropServices.MemoryMarshal.Cast<byte, T>(target).ToArray();
    }
}
