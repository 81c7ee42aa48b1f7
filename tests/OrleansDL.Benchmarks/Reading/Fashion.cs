using System.IO.Compression;
using OrleansDL.Data;
using OrleansDL.Datasets;
using OrleansDL.Datasets.Shards;
using OrleansDL.Pipelines;
using OrleansDL.Training;

namespace OrleansDL.Benchmarks.Reading;

/// <summary>Fashion-MNIST's 60,000 training images (Debian's dataset-fashion-mnist) as shards, as a worker lays them out for a run.</summary>
internal sealed class Fashion
{
    public const int Pixels = 784;
    private const string Folder = "/usr/share/datasets/fashion-mnist";

    private static readonly Column[] Schema =
        [new() { Name = "image", Type = ColumnType.Tensor, Tensor = "uint8[28,28]" }, new() { Name = "label", Type = ColumnType.Int64 }];

    private readonly string _folder;
    private readonly List<RunnerShard> _shards = [];

    /// <param name="folder">Where the shards go.</param>
    /// <param name="repeats">How often all images are written.</param>
    public Fashion(string folder, int repeats = 1)
    {
        _folder = folder;
        var images = Read("train-images-idx3-ubyte.gz")[16..];
        var labels = Read("train-labels-idx1-ubyte.gz")[8..];
        var builder = new MdsShardBuilder(MdsColumns.Of(DatasetKind.Table, Schema));
        Rows = labels.Length * repeats;
        for (var row = 0; row < Rows; row++)
        {
            builder.Add(images.AsSpan(row % labels.Length * Pixels, Pixels));
            builder.Add(BitConverter.GetBytes((long)labels[row % labels.Length]));
            while (!builder.TryEnd())
            {
                Write(builder.Take());
            }
        }

        Write(builder.Take());
    }

    public int Rows { get; }

    public IReadOnlyList<string> Files => [.. _shards.Select(shard => Path.Combine(_folder, shard.File))];

    public RunnerAssignment Assignment(TrainingSpec spec) => new()
    {
        Run = Guid.NewGuid(),
        Attempt = 1,
        Spec = spec,
        DatasetName = "fashion",
        DatasetVersion = 1,
        DatasetCommit = _shards[0].Blob,
        DatasetContent = _shards[0].Blob,
        DatasetKind = DatasetKind.Table,
        Schema = Schema,
        Files = [],
        ShardDirectory = _folder,
        Shards = _shards,
    };

    public TrainingData Open(int threads) => TrainingData.Load(
        Assignment(new TrainingSpec
        {
            Dataset = "fashion",
            Network = new NetworkSpec { Family = "cnn" },
            ValidationFraction = 0,
            Reader = new ReaderSpec { MemoryBytes = 0, Threads = threads },
        }),
        _folder);

    /// <summary>Our reader from end to end but for the trainer: shuffled batches of 64, encoded ahead.</summary>
    /// <returns>Samples read.</returns>
    public static long ReadAll(TrainingData data, int threads, int passes)
    {
        const int Size = 64;
        var slots = Enumerable.Range(0, threads + 2).Select(_ => new BatchSlot(data, Size)).ToArray();
        var (batches, read) = ((int)((data.Training.Count + Size - 1) / Size), 0L);
        for (var epoch = 0; epoch < passes; epoch++)
        {
            var order = new SampleOrder(BlobId.Parse(new string('a', 64)), 1, epoch, data.Training.Count, data.Training.Spans);
            using var prefetch = new Prefetch(data.Training, order, slots, Size, 0, batches, threads);
            for (var batch = 0; batch < batches; batch++)
            {
                read += prefetch.Next().Count;
            }
        }

        foreach (var slot in slots)
        {
            slot.Dispose();
        }

        return read;
    }

    /// <summary>The simplest loop that does the same work: the shards as arrays, each image's bytes divided into one batch of floats.</summary>
    public static long BareLoop(IReadOnlyList<byte[]> shards, int passes)
    {
        const int Size = 64;
        var (batch, labels, quotients, read) = (new float[Size * Pixels], new long[Size], TensorPixels.Quotients(255), 0L);
        for (var pass = 0; pass < passes; pass++)
        {
            foreach (var shard in shards)
            {
                var samples = BitConverter.ToInt32(shard);
                for (var sample = 0; sample < samples; sample++)
                {
                    var at = (int)BitConverter.ToUInt32(shard, 4 * (sample + 1));
                    var target = batch.AsSpan((int)(read % Size) * Pixels, Pixels);
                    var image = shard.AsSpan(at, Pixels);
                    for (var pixel = 0; pixel < Pixels; pixel++)
                    {
                        target[pixel] = quotients[image[pixel]];
                    }

                    labels[read % Size] = BitConverter.ToInt64(shard, at + Pixels);
                    read++;
                }
            }
        }

        return read;
    }

    private void Write(MdsShard shard)
    {
        var name = MdsFormat.Name(_shards.Count);
        File.WriteAllBytes(Path.Combine(_folder, name), [.. shard.Head.Span, .. shard.Body.Span]);
        _shards.Add(new RunnerShard { File = name, Blob = shard.Digest(), Bytes = shard.Bytes, Samples = shard.Samples });
    }

    private static byte[] Read(string name)
    {
        var path = Path.Combine(Folder, name);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"{path} is not there. 'apt-get install dataset-fashion-mnist' brings it.");
        }

        using var file = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        return bytes.ToArray();
    }
}
