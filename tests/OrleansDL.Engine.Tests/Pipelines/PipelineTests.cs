using System.Text;
using System.Text.Json;
using OrleansDL.Data;
using OrleansDL.Pipelines;
using OrleansDL.Serving;
using OrleansDL.Targets;

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

    private static readonly TablePipeline Numbers = new()
    {
        Labels = ["no", "yes"],
        Columns = [new TableColumn { Name = "size", Type = TableColumnKind.Numeric, Mean = 2, Deviation = 0.5 }, new TableColumn { Name = "weight", Type = TableColumnKind.Numeric, Mean = -1, Deviation = 3 }],
    };

    private static readonly ImagePipeline Image = new() { LabelColumn = "digit", Labels = ["0", "1"], Height = 1, Width = 2, Channels = 3, Scale = 2, Columns = ["a", "b", "c", "d", "e", "f"] };

    private static readonly TextPipeline Text = new() { LabelColumn = "mood", Labels = ["bad", "good"], Column = "text", MaxTokens = 4, Vocabulary = ["the", "it's"] };

    /// <summary>"th" and then "the".</summary>
    private static readonly TextPipeline Pairs = new() { Labels = [], Column = "text", MaxTokens = 4, Vocabulary = [], Tokenizer = "bpe", Merges = [[118, 106], [258, 103]], Ends = true, Target = new FittedTarget { Head = "next-token" } };

    private static readonly TextPipeline Tagged = new() { LabelColumn = "tags", Labels = ["name", "other"], Column = "text", MaxTokens = 3, Vocabulary = ["Ada", "met"], Tokenizer = "split", Target = new FittedTarget { Head = "sequence", Separator = "|" } };

    private static readonly SeriesPipeline Series = new()
    {
        Labels = [],
        Steps = 2,
        Values = 2,
        Columns = ["a1", "b1", "a2", "b2"],
        Means = [1, 10],
        Deviations = [2, 5],
        Target = new FittedTarget { Head = "regression", Columns = [new TargetColumn { Name = "next", Mean = 3, Deviation = 1.5 }, new TargetColumn { Name = "after", Mean = -1, Deviation = 2 }] },
    };

    private static readonly SeriesPipeline Wave = new() { LabelColumn = "kinds", Labels = ["flat", "steep"], Steps = 2, Values = 1, Column = "wave", Means = [0], Deviations = [0.5], Target = new FittedTarget { Head = "labels", Threshold = 0.4, Separator = "," } };

    private static readonly TablePipeline Indexed = Table with { Columns = [.. Table.Columns, new TableColumn { Name = "town", Type = TableColumnKind.Index, Values = ["Oslo", "Rome"] }], Target = new FittedTarget { Head = "embedding", Width = 16 } };

    public static TheoryData<string, string, double[]> Encoded => new()
    {
        { "table", """[3, "south", true]""", [2, 0, 1, 1] },
        { "image", "[2,3,4,5,6,7]", [1, 2.5, 1.5, 3, 2, 3.5] },
        { "text", "\"The cat: IT'S\"", [2, 1, 3, 0] },
        { "bpe", "\"the\"", [259, 1, 0, 0] },
        { "tagged", "\"Ada was\"", [2, 1, 0] },
        { "series", "[3, 10, null, 20]", [1, 0, 0, 2] },
        { "wave", """{"wave": [1, -2, 7]}""", [2, -4] },
        { "indexed", """[3, "south", true, "Rome"]""", [2, 0, 1, 1, 2] },
    };

    [Theory]
    [InlineData("[3, -0.25]", """{"size": "3", "weight": -0.25}""")]
    [InlineData("[3e0, 12345.678901234567]", """{"weight": 12345.678901234567, "size": 3.0}""")]
    [InlineData("[null, 1]", """{"size": null, "weight": 1}""")]
    public void A_row_of_numbers_is_encoded_alike_by_place_and_by_name(string array, string named)
    {
        Assert.Equal(Encode<float>(Numbers, named), Encode<float>(Numbers, array));
    }

    [Theory]
    [InlineData("[3]", "rows[0] has 1 values where 2 were expected. Give 2 values in column order.")]
    [InlineData("[3, 4, 5]", "rows[0] has more than 2 values. Give 2 values in column order.")]
    [InlineData("[3, [4]]", "rows[0], value 1: a number, a text, true, false or null was expected, not a nested array.")]
    [InlineData("[3, 1e39]", "weight")]
    [InlineData("[3, 1e400]", "weight")]
    public void A_row_of_numbers_that_is_wrong_says_where(string row, string expected)
    {
        Assert.Contains(expected, Assert.Throws<InvalidException>(() => Encode<float>(Numbers, row)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pipelines_never_change_their_form()
    {
        (string, Pipeline)[] pipelines =
            [("table", Table), ("image", Image), ("text", Text), ("bpe", Pairs), ("tagged", Tagged), ("series", Series), ("wave", Wave), ("indexed", Indexed)];
        foreach (var (name, pipeline) in pipelines)
        {
            Golden.Check($"pipeline-{name}-v1.json", pipeline.Write());
            Assert.Equal(pipeline.Write(), Pipeline.Parse(pipeline.Write()).Write());
        }
    }

    [Theory]
    [MemberData(nameof(Encoded))]
    public void What_was_written_long_ago_still_encodes_the_same_numbers(string name, string row, double[] expected)
    {
        var pipeline = Pipeline.Parse(Golden.Read($"pipeline-{name}-v1.json"));
        Assert.Equal(expected, pipeline.ElementType is TensorElementType.Int64 ? [.. Encode<long>(pipeline, row)] : Encode<float>(pipeline, row).Select(value => (double)value));
    }

    [Fact]
    public void What_was_written_long_ago_still_reads_the_same_targets()
    {
        Assert.Equal([3.0, 1], Read("series", ["a1", "b1", "a2", "b2", "next", "after"], [1.0, 1.0, 1.0, 1.0, 7.5, 1.0]));
        Assert.Equal([0.0, 1], Read("wave", ["wave", "kinds"], ["[1]", "steep,unheard"]));
        Assert.Equal([0.0, 1, Target.Nothing], Read("tagged", ["text", "tags"], ["Ada was", "name|other"]));
        Assert.Equal([1.0], Read("table", ["size", "side", "open", "answer"], [1.0, "north", true, "yes"]));
        Assert.Equal([7.5, -1], ((SeriesPipeline)Pipeline.Parse(Golden.Read("pipeline-series-v1.json"))).Target!.Columns!.Select((column, index) => column.Restore(index == 0 ? 3 : 0)));
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

    /// <summary>The target of a row of numbers, truth values and texts, by a pipeline written long ago.</summary>
    private static double[] Read(string name, string[] columns, object[] cells)
    {
        var pipeline = Pipeline.Parse(Golden.Read($"pipeline-{name}-v1.json"));
        var row = new Row();
        row.Clear(cells.Length);
        foreach (var (column, cell) in cells.Index())
        {
            row.Set(column, CellKind.Text, Encoding.UTF8.GetBytes(Convert.ToString(cell, System.Globalization.CultureInfo.InvariantCulture)!));
        }

        var target = Target.For(pipeline);
        var bytes = new byte[target.Bytes];
        target.Read(row, Places(Target.ColumnsOf(pipeline)), Places(pipeline.Inputs), bytes);
        return target.ElementType is TensorElementType.Int64
            ? [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, long>(bytes).ToArray().Select(value => (double)value)]
            : [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray().Select(value => (double)value)];

        int[] Places(IEnumerable<string> names) => [.. names.Select(each => Array.IndexOf(columns, each))];
    }

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
