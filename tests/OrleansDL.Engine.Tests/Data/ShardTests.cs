using System.Text.Json;
using OrleansDL.Data;
using OrleansDL.Datasets;
using OrleansDL.Training;

namespace OrleansDL.Tests.Data;

[Collection("torch")]
public sealed class ShardTests
{
    private static readonly string[] Deterministic = ["model.onnx", "weights.safetensors", "network.json", "pipeline.json", "signature.json", "reference.json"];

    [Fact]
    public void What_was_written_is_read_back_by_every_column_and_every_row()
    {
        using var folder = new TestFolder();
        Column[] schema =
        [
            Assignments.Text("text"), Assignments.Numeric("n", ColumnType.Int64), Assignments.Numeric("f"), Assignments.Numeric("t", ColumnType.Bool),
            new() { Name = "image", Type = ColumnType.Image }, new() { Name = "pixels", Type = ColumnType.Tensor, Tensor = "int16[2]" },
        ];
        var rows = Enumerable.Range(0, 100).Select(row => (object?[])
            [row % 5 == 0 ? null : $"r\u00f6w {row}", row % 7 == 0 ? null : (long)-row, row / 8.0, row % 2 == 0, new byte[row], new byte[] { (byte)row, 1, 2, 3 }]).ToList();
        var assignment = Assignments.Of(folder.Path, Assignments.Spec(), DatasetKind.Table, schema, rows, shardBytes: 2000);
        Assert.InRange(assignment.Shards!.Count, 3, 30);
        using var source = new RowSource(assignment, folder.Path);
        Assert.Equal(100, source.Rows);
        var number = 0;
        source.Read([], row => Check(rows[number++], row));
        var cursor = source.Open([true, true, true, true, true, true]);
        foreach (var row in new[] { 99, 0, 41, 42, 7 })
        {
            Check(rows[row], cursor.Read(row));
        }

        var projected = source.Open([false, true, false, false, false, false]).Read(8);
        Assert.Equal((CellKind.Missing, "-8"), (projected.Kind(0), projected.Text(1)));
        Assert.Equal("row 9 of data@v1", projected.Where());
    }

    [Theory]
    [InlineData(0, 0x7f, "its offsets do not fit")]
    [InlineData(4, 0xff, "its offsets do not fit its length")]
    [InlineData(-1, 0, "its offsets do not fit its length")]
    public void A_damaged_shard_is_refused_by_name(int at, int value, string reason)
    {
        using var folder = new TestFolder();
        var assignment = Assignments.Digits(folder.Path, Assignments.Spec(), row => row < 3);
        var path = folder["shard.00000.mds"];
        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, at < 0 ? bytes[..^1] : [.. bytes[..at], (byte)value, (byte)value, .. bytes[(at + 2)..]]);
        var error = Assert.Throws<InvalidException>(() => new RowSource(assignment, folder.Path));
        Assert.StartsWith($"Shard shard.00000.mds cannot be read: {reason}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cnn", 1)]
    [InlineData("mlp", 3)]
    public void Rows_that_are_streamed_give_the_bytes_of_rows_that_are_kept(string family, int threads)
    {
        using var folder = new TestFolder();
        var spec = Assignments.Spec(family) with { Network = new NetworkSpec { Family = family, Hidden = [16], Dropout = 0.2 }, Epochs = 2 };
        var kept = Train(folder, "kept", spec);
        var streamed = Train(folder, "streamed", spec with { Reader = new ReaderSpec { MemoryBytes = 0, Threads = threads } });
        Assert.Equal(kept, streamed);
        var metrics = JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllBytes(Path.Combine(folder["streamed"], "metrics.json")))!;
        Assert.InRange(metrics["train.data.waitShare"], 0, 1);
    }

    [Fact]
    public void A_streamed_run_that_was_stopped_ends_with_the_bytes_of_one_that_was_not()
    {
        using var folder = new TestFolder();
        var spec = Assignments.Spec() with { Epochs = 2, Reader = new ReaderSpec { MemoryBytes = 0 }, CheckpointSeconds = 86_400 };
        var unbroken = Train(folder, "unbroken", spec);
        var hooks = new TrainingHooks();
        hooks.Stop();
        var assignment = Assignments.Digits(folder["data"], spec, row => row < 250);
        Assert.Equal(TrainingEnd.Stopped, TrainingJob.Run(assignment, folder["data"], folder["stopped"], folder.Make("left"), "cpu", hooks, TimeProvider.System));
        File.Move(Path.Combine(folder["left"], "checkpoint-1.safetensors"), Path.Combine(folder.Make("taken"), TrainingJob.ResumeFile));
        Assert.Equal(unbroken, Train(folder, "resumed", spec, "taken"));
    }

    [Fact]
    public void A_row_that_cannot_be_encoded_fails_a_streamed_run_with_its_place()
    {
        using var folder = new TestFolder();
        var spec = Assignments.Spec() with { ValidationFraction = 0, Reader = new ReaderSpec { MemoryBytes = 0 } };
        var assignment = Assignments.Csv(folder["data"], spec, [Assignments.Numeric("n"), Assignments.Text("c")], Enumerable.Range(0, 200).Select(row => row == 150 ? "1e300,a" : $"{row},{(row % 2 == 0 ? "a" : "b")}"));
        var error = Assert.Throws<InvalidException>(() => TrainingJob.Run(assignment, folder["data"], folder["out"], folder.Make("checkpoints"), "cpu", new TrainingHooks(), TimeProvider.System));
        Assert.StartsWith("row 151 of data@v1, column 'n'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_are_learnt_as_images_and_served_as_arrays()
    {
        using var folder = new TestFolder();
        Column[] schema = [new() { Name = "pixels", Type = ColumnType.Tensor, Tensor = "uint8[8,8]" }, Assignments.Numeric("digit", ColumnType.Int64)];
        var rows = TestFolder.Digits().Take(600).Select(line => line.Split(',').Select(field => long.Parse(field, System.Globalization.CultureInfo.InvariantCulture)).ToArray())
            .Select(line => (object?[])[line[..64].Select(pixel => (byte)(pixel * 15)).ToArray(), line[64]]);
        var spec = Assignments.Spec("cnn") with { Epochs = 8, LearningRate = 0.004 };
        var assignment = Assignments.Of(folder["data"], spec, DatasetKind.Table, schema, rows);
        TrainingJob.Run(assignment, folder["data"], folder["out"], folder.Make("checkpoints"), "cpu", new TrainingHooks(), TimeProvider.System);
        using var session = OrleansDL.Inference.ModelSession.Load(folder["out"]);
        Assert.Equal([-1, 1, 8, 8], session.Signature.Inputs[0].Shape);
        Assert.Equal(["pixels"], session.Pipeline.Inputs);
        var judge = assignment with { Spec = new TrainingSpec { Dataset = "d", Program = TrainingProgram.Evaluate, Model = "m@1" }, ModelDirectory = folder["out"] };
        OrleansDL.Inference.EvaluationJob.Run(judge, folder["data"], folder["verdict"], new TrainingHooks(), TimeProvider.System);
        var metrics = JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllBytes(Path.Combine(folder["verdict"], "metrics.json")))!;
        Assert.InRange(metrics["accuracy"], 0.9, 1);
    }

    private static string[] Train(TestFolder folder, string name, TrainingSpec spec, string checkpoints = "none")
    {
        var assignment = Assignments.Digits(folder["data"], spec, row => row < 250);
        Assert.Equal(TrainingEnd.Done, TrainingJob.Run(assignment, folder["data"], folder[name], folder.Make(checkpoints), "cpu", new TrainingHooks(), TimeProvider.System));
        return [.. Deterministic.Select(file => TestFolder.Sha(Path.Combine(folder[name], file)))];
    }

    private static void Check(object?[] expected, Row row)
    {
        Assert.Equal(expected[0], row.Text(0));
        Assert.Equal(expected[1], row.Text(1) is { } number ? long.Parse(number, System.Globalization.CultureInfo.InvariantCulture) : null);
        Assert.True(row.TryNumber(2, out var real));
        Assert.Equal(expected[2], real);
        Assert.True(row.TryBool(3, out var truth));
        Assert.Equal(expected[3], truth);
        Assert.Equal((byte[])expected[4]!, row.Bytes(4).ToArray());
        Assert.Equal((byte[])expected[5]!, row.Bytes(5).ToArray());
    }
}
