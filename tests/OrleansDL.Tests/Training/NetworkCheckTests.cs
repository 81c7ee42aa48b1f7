using OrleansDL.Datasets;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

public sealed class NetworkCheckTests
{
    [Fact]
    public void A_table_shows_its_network_with_every_text_counted()
    {
        var check = NetworkCheck.Of(
            Spec(new NetworkSpec { Family = "mlp", Hidden = [8] }),
            Version(DatasetKind.Table, Column("x", ColumnType.Float64), Column("colour", ColumnType.String), Column("label", ColumnType.String)),
            [Statistics("x"), Statistics("colour", 4), Statistics("label", 3)]);

        Assert.Equal([5L], check.Network!.Input);
        Assert.Equal([3L], check.Network.Output);
        Assert.Equal((6 * 8) + (9 * 3), check.Network.Parameters);
        Assert.Equal(check.Network.Parameters * 4, check.Network.WeightBytes);
        Assert.True(check.Network.TrainingBytes > check.Network.WeightBytes * 4);
        Assert.Equal(["hidden0", "block1", "output"], check.Network.Blocks.Select(block => block.Name));
        Assert.Equal("Every text of column 'colour' is taken to stand in a training row; the network is smaller where some do not.", Assert.Single(check.Notes));
    }

    [Fact]
    public void Columns_that_are_embedded_count_one_number_each()
    {
        var check = NetworkCheck.Of(
            Spec(new NetworkSpec { Family = "mlp", Hidden = [8], Categorical = "embedding", Embedding = 2 }),
            Version(DatasetKind.Table, Column("x", ColumnType.Float64), Column("colour", ColumnType.String), Column("label", ColumnType.String)),
            [Statistics("x"), Statistics("colour", 4), Statistics("label", 3)]);

        Assert.Equal([2L], check.Network!.Input);
        Assert.Equal((5 * 2) + (4 * 8) + (9 * 3), check.Network.Parameters);
    }

    [Fact]
    public void Images_of_a_known_size_show_every_stage()
    {
        var spec = Spec(new NetworkSpec { Family = "resnet" }) with { Input = new InputSpec { Height = 32, Width = 32, Channels = 3 } };
        var check = NetworkCheck.Of(
            spec, Version(DatasetKind.Image, Column("image", ColumnType.Image), Column("label", ColumnType.String)), [Statistics("image"), Statistics("label", 10)]);

        Assert.Empty(check.Notes);
        Assert.Equal(11_173_962, check.Network!.Parameters);
        Assert.Equal([512L, 4L, 4L], check.Network.Blocks.Last(block => block.Kind == "residual").Output);
    }

    [Fact]
    public void Rows_are_taken_as_the_run_takes_them()
    {
        var pixels = Enumerable.Range(0, 4).Select(pixel => Column($"p{pixel}", ColumnType.Float64)).Append(Column("digit", ColumnType.Int64)).ToArray();
        var unlearnt = NetworkCheck.Of(
            Spec(new NetworkSpec { Family = "autoencoder" }) with { Head = new HeadSpec { Kind = "reconstruction" }, Input = new InputSpec { Kind = "image", Label = "digit" } },
            Version(DatasetKind.Table, pixels),
            [.. pixels.Select(column => Statistics(column.Name))]);
        Assert.Equal([1L, 2L, 2L], unlearnt.Network!.Input);

        var tokens = NetworkCheck.Of(
            Spec(new NetworkSpec { Family = "gru" }) with { Input = new InputSpec { Tokenizer = "bytes" } },
            Version(DatasetKind.Table, Column("text", ColumnType.String), Column("label", ColumnType.String)),
            [Statistics("text", 100), Statistics("label", 2)]);
        Assert.Equal([64L], tokens.Network!.Input);
    }

    [Fact]
    public void The_head_decides_what_comes_out()
    {
        var version = Version(DatasetKind.Table, Column("x", ColumnType.Float64), Column("y", ColumnType.Float64), Column("z", ColumnType.Float64));
        ColumnStatistics[] statistics = [Statistics("x"), Statistics("y"), Statistics("z")];
        var values = NetworkCheck.Of(Spec(new NetworkSpec { Family = "mlp" }) with { Head = new HeadSpec { Kind = "regression", Columns = ["y", "z"] } }, version, statistics);
        var same = NetworkCheck.Of(Spec(new NetworkSpec { Family = "autoencoder" }) with { Head = new HeadSpec { Kind = "reconstruction" } }, version, statistics);

        Assert.Equal([1L], values.Network!.Input);
        Assert.Equal([2L], values.Network.Output);
        Assert.Equal([3L], same.Network!.Input);
        Assert.Equal([3L], same.Network.Output);
    }

    [Fact]
    public void What_only_rows_can_tell_is_said()
    {
        var check = NetworkCheck.Of(
            Spec(new NetworkSpec { Family = "mlp" }),
            Version(DatasetKind.Table, Column("x", ColumnType.Float64), Column("label", ColumnType.String)),
            [Statistics("x")]);

        Assert.Null(check.Network);
        Assert.Equal("How many labels column 'label' has is not known before rows are read.", Assert.Single(check.Notes));
    }

    [Fact]
    public void Blocks_that_do_not_fit_the_data_are_refused_by_their_json_path()
    {
        var network = new NetworkSpec { Family = "blocks", Blocks = [new BlockSpec { Kind = "linear", Width = 4 }, new BlockSpec { Kind = "attention", Heads = 2 }] };
        var error = Assert.Throws<InvalidException>(() => NetworkCheck.Of(
            Spec(network), Version(DatasetKind.Table, Column("x", ColumnType.Float64), Column("label", ColumnType.String)), [Statistics("x"), Statistics("label", 2)]));
        Assert.StartsWith("network.blocks[1] is of kind 'attention', which takes a series, and a row of 4 comes in.", error.Message, StringComparison.Ordinal);
    }

    private static TrainingSpec Spec(NetworkSpec network) => new() { Dataset = "d", Network = network };

    private static Column Column(string name, ColumnType type) => new() { Name = name, Type = type };

    private static ColumnStatistics Statistics(string name, long? distinct = null) =>
        new() { Name = name, Type = distinct is null ? ColumnType.Float64 : ColumnType.String, Count = 10, Nulls = 0, Distinct = distinct };

    private static DatasetVersion Version(DatasetKind kind, params Column[] schema) => new()
    {
        Dataset = Guid.Empty,
        DatasetName = "d",
        Version = 1,
        Commit = BlobId.FromHash(new byte[32]),
        Content = BlobId.FromHash(new byte[32]),
        Message = "",
        Tags = [],
        Rows = 10,
        Bytes = 100,
        Files = 1,
        Schema = schema,
        Sources = [],
        CommittedAt = default,
        RowsAdded = 10,
        Kind = kind,
    };
}
