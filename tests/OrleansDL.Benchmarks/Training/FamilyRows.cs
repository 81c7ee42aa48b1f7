using System.Text;
using OrleansDL.Datasets;
using OrleansDL.Datasets.Shards;
using OrleansDL.Training;

namespace OrleansDL.Benchmarks.Training;

/// <summary>A network of a family, and random rows for it as a worker lays them out for a run.</summary>
internal sealed record FamilyRows
{
    public const int Labels = 10;
    public const int Side = 28;
    public const int Features = 64;
    public const int Words = 1000;
    public const int Length = 32;

    public required NetworkSpec Network { get; init; }
    public required int Rows { get; init; }
    public required int BatchSize { get; init; }
    private Column Input { get; init; } = null!;
    private Func<Random, byte[]> Cell { get; init; } = null!;

    /// <param name="family"><c>mlp</c> (batches of 1024), <c>cnn</c> or <c>encoder</c>.</param>
    public static FamilyRows Of(string family) => family switch
    {
        "mlp" => new()
        {
            Network = new NetworkSpec { Family = "mlp", Hidden = [512, 256], Dropout = 0 },
            Rows = 16_384,
            BatchSize = 1024,
            Input = new Column { Name = "input", Type = ColumnType.Tensor, Tensor = $"float32[{Features},1]" },
            Cell = static random => [.. Enumerable.Range(0, Features).SelectMany(_ => BitConverter.GetBytes(random.NextSingle()))],
        },
        "cnn" => new()
        {
            Network = new NetworkSpec { Family = "cnn", Channels = [16, 32], Hidden = [128], Dropout = 0.1 },
            Rows = 4096,
            BatchSize = 64,
            Input = new Column { Name = "input", Type = ColumnType.Tensor, Tensor = $"uint8[{Side},{Side}]" },
            Cell = static random =>
            {
                var pixels = new byte[Side * Side];
                random.NextBytes(pixels);
                return pixels;
            },
        },
        "encoder" => new()
        {
            Network = new NetworkSpec { Family = "encoder", Width = 64, Layers = 2, AttentionHeads = 4, Dropout = 0.1 },
            Rows = 4096,
            BatchSize = 64,
            Input = new Column { Name = "input", Type = ColumnType.String },
            Cell = static random => Encoding.UTF8.GetBytes(string.Join(' ', Enumerable.Range(0, Length).Select(_ => $"w{random.Next(Words - 2)}"))),
        },
        _ => throw new ArgumentException($"'{family}' is no family of this benchmark.", nameof(family)),
    };

    public RunnerAssignment Write(string folder)
    {
        var random = new Random(1);
        Column[] schema = [Input, new Column { Name = "label", Type = ColumnType.Int64 }];
        var builder = new MdsShardBuilder(MdsColumns.Of(DatasetKind.Table, schema), 1 << 30);
        for (var row = 0; row < Rows; row++)
        {
            builder.Add(Cell(random));
            builder.Add(BitConverter.GetBytes((long)(row % Labels)));
            builder.TryEnd();
        }

        var (shard, name) = (builder.Take(), MdsFormat.Name(0));
        File.WriteAllBytes(Path.Combine(folder, name), [.. shard.Head.Span, .. shard.Body.Span]);
        return new RunnerAssignment
        {
            Run = Guid.NewGuid(),
            Attempt = 1,
            Spec = new TrainingSpec
            {
                Dataset = "rows",
                Network = Network,
                BatchSize = BatchSize,
                Epochs = 1_000_000,
                ValidationFraction = 0,
                Input = new InputSpec
                {
                    Kind = Network.Family switch { "cnn" => "image", "encoder" => "text", _ => "series" },
                    MaxTokens = Network.Family == "encoder" ? Length : null,
                    Label = "label",
                },
            },
            DatasetName = "rows",
            DatasetVersion = 1,
            DatasetCommit = shard.Digest(),
            DatasetContent = shard.Digest(),
            DatasetKind = DatasetKind.Table,
            Schema = schema,
            Files = [],
            ShardDirectory = folder,
            Shards = [new RunnerShard { File = name, Blob = shard.Digest(), Bytes = shard.Bytes, Samples = shard.Samples }],
        };
    }
}
