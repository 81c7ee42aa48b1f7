using System.Runtime.InteropServices;
using System.Text;
using OrleansDL.Data;
using OrleansDL.Networks;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

[Collection("torch")]
public sealed class InitialWeightsTests
{
    private static readonly string[] Trained = ["output.bias", "output.weight"];

    [Fact]
    public void A_run_begins_with_the_weights_of_a_model_and_leaves_those_that_are_frozen()
    {
        using var folder = new TestFolder();
        var first = Train(folder, "first", Spec());
        Directory.CreateDirectory(folder["model"]);
        File.Copy(Path.Combine(first, "weights.safetensors"), Path.Combine(folder["model"], "weights.safetensors"));
        List<string> log = [];
        var second = Train(folder, "second", Spec() with { WeightDecay = 0.1, Initialize = new InitializeSpec { Model = "digits@1", Freeze = ["convolution", "norm", "hidden"] } }, log);

        Assert.Contains("Began with 16 of 16 tensors from digits@1", log);
        var (before, after) = (Read(first), Read(second));
        var changed = before.Where(tensor => !tensor.Value.Data.SequenceEqual(after[tensor.Key].Data)).Select(tensor => tensor.Key).Order(StringComparer.Ordinal);
        Assert.Equal(Trained, changed);
    }

    [Theory]
    [InlineData("sgd")]
    [InlineData("adamw")]
    public void A_frozen_run_that_was_stopped_ends_with_the_bytes_of_one_that_was_not(string optimizer)
    {
        using var folder = new TestFolder();
        var first = Train(folder, "first", Spec());
        Directory.CreateDirectory(folder["model"]);
        File.Copy(Path.Combine(first, "weights.safetensors"), Path.Combine(folder["model"], "weights.safetensors"));
        var spec = Spec() with { Optimizer = optimizer, WeightDecay = 0.1, Initialize = new InitializeSpec { Model = "digits@1", Freeze = ["convolution0"] } };
        var unbroken = TestFolder.Sha(Path.Combine(Train(folder, "unbroken", spec), "weights.safetensors"));

        TrainingHooks? hooks = null;
        hooks = new TrainingHooks { Progressed = (_, progress) => { if (progress.Step >= 4) { hooks!.Stop(); } } };
        Assert.Equal(TrainingEnd.Stopped, TrainingJob.Run(Assignment(folder, spec), folder["data"], folder["stopped"], folder.Make("left"), "cpu", hooks, new SteppingTime()));
        File.Move(Assert.Single(Directory.GetFiles(folder["left"])), Path.Combine(folder.Make("taken"), TrainingJob.ResumeFile));
        TrainingJob.Run(Assignment(folder, spec), folder["data"], folder["resumed"], folder["taken"], "cpu", new TrainingHooks(), TimeProvider.System);
        Assert.Equal(unbroken, TestFolder.Sha(Path.Combine(folder["resumed"], "weights.safetensors")));
    }

    [Fact]
    public void Prefixes_map_names_and_what_does_not_fit_is_named()
    {
        using var folder = new TestFolder();
        using var network = new Network(Mlp(4), 1);
        var tensors = network.Parameters.Select(parameter => new SafeTensor("body." + parameter.Name, "F32", parameter.Shape, MemoryMarshal.AsBytes(parameter.Values().AsSpan()).ToArray())).ToList();
        var file = Write(folder, [.. tensors, new SafeTensor("step", "I64", [], new byte[8])]);

        using var other = new Network(Mlp(4), 2);
        var mapped = new InitializeSpec { Dataset = "d", File = "f", Prefixes = new Dictionary<string, string> { ["body."] = "" } };
        var error = Assert.Throws<InvalidException>(() => InitialWeights.Fill(other, file, "d/f", mapped));
        Assert.StartsWith("The weights of d/f do not fit the network: 1 extra (step).", error.Message, StringComparison.Ordinal);
        Assert.Equal("Began with 4 of 4 tensors from d/f; 1 extra (step).", InitialWeights.Fill(other, file, "d/f", mapped with { Strict = false }));
        Assert.Equal(network.Weights.bytes.ToArray(), other.Weights.bytes.ToArray());

        using var wider = new Network(Mlp(9), 2);
        var random = wider.Parameters.Single(parameter => parameter.Name == "output.weight").Values();
        var line = InitialWeights.Fill(wider, file, "d/f", mapped with { Strict = false });
        Assert.Contains("2 of another shape (output.weight [4, 64, not 9, 64], output.bias [4, not 9])", line, StringComparison.Ordinal);
        Assert.Equal(random, wider.Parameters.Single(parameter => parameter.Name == "output.weight").Values());
        Assert.Contains("No weight of d/f fits", Assert.Throws<InvalidException>(() => InitialWeights.Fill(other, file, "d/f", mapped with { Prefixes = null, Strict = false })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_prefix_that_freezes_nothing_or_everything_is_refused()
    {
        Assert.StartsWith("initialize.freeze 'hiden' begins the name of no parameter. Parameters: hidden0.weight,", Assert.Throws<InvalidException>(() => new Network(Mlp(4), 1, null, ["hiden"])).Message, StringComparison.Ordinal);
        Assert.StartsWith("initialize.freeze names every parameter", Assert.Throws<InvalidException>(() => new Network(Mlp(4), 1, null, ["hidden", "output"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_and_double_precision_are_read()
    {
        using var folder = new TestFolder();
        float[] values = [0.5f, -2, 3, 0];
        var file = Write(
            folder,
            [
                new SafeTensor("half", "F16", [4], MemoryMarshal.AsBytes(values.Select(value => (Half)value).ToArray().AsSpan()).ToArray()),
                new SafeTensor("brain", "BF16", [2, 2], MemoryMarshal.AsBytes(values.Select(value => (ushort)(BitConverter.SingleToInt32Bits(value) >> 16)).ToArray().AsSpan()).ToArray()),
                new SafeTensor("double", "F64", [4], MemoryMarshal.AsBytes(values.Select(value => (double)value).ToArray().AsSpan()).ToArray()),
            ]);
        using var read = new SafeTensorFile(file, "file");
        Assert.All(read.Names, name => Assert.Equal(values, read.ReadFloats(name)));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,16]}}""", "lies outside of it")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", "lies outside of it")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "lies outside of it")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "another number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,0]}}""", "another number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}""", "no shape that could be")]
    [InlineData("""{"a":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}}""", "which there is not")]
    [InlineData("""{"a":{"shape":[2],"data_offsets":[0,8]}}""", "is damaged")]
    [InlineData("""{"a":5}""", "is damaged")]
    [InlineData("""[1]""", "is damaged")]
    [InlineData("""{"a":""", "is damaged")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "two tensors 'a'")]
    public void A_header_that_lies_is_refused(string header, string reason)
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["file"], [.. BitConverter.GetBytes((long)header.Length), .. Encoding.UTF8.GetBytes(header), .. new byte[8]]);
        Assert.Contains(reason, Assert.Throws<InvalidException>(() => new SafeTensorFile(folder["file"], "file")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_with_any_byte_changed_is_read_or_refused_and_nothing_else()
    {
        using var folder = new TestFolder();
        var whole = File.ReadAllBytes(Write(folder, [new SafeTensor("a.weight", "F32", [2, 3], new byte[24]), new SafeTensor("b", "F16", [5], new byte[10])]));
        var random = new Xoshiro(5);
        for (var trial = 0; trial < 2000; trial++)
        {
            var damaged = whole[..(random.Next(4) == 0 ? (int)random.Next((ulong)whole.Length) : whole.Length)];
            for (var change = 0; change < 3 && damaged.Length > 0; change++)
            {
                damaged[random.Next((ulong)damaged.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(folder["damaged"], damaged);
            try
            {
                using var file = new SafeTensorFile(folder["damaged"], "file");
                foreach (var name in file.Names)
                {
                    file.ReadFloats(name);
                }
            }
            catch (InvalidException)
            {
            }
        }
    }

    private static string Write(TestFolder folder, IReadOnlyList<SafeTensor> tensors)
    {
        File.WriteAllBytes(folder["weights.safetensors"], SafeTensors.Write(tensors, new Dictionary<string, string> { ["format"] = "pt" }));
        return folder["weights.safetensors"];
    }

    private static NetworkDefinition Mlp(int classes) =>
        new() { Network = NetworkFamilies.WithDefaults(new NetworkSpec { Family = "mlp" }), Input = [5], Classes = classes };

    private static TrainingSpec Spec() => Assignments.Spec("cnn") with { Epochs = 1, CheckpointSeconds = 86_400 };

    private static RunnerAssignment Assignment(TestFolder folder, TrainingSpec spec) =>
        Assignments.Digits(folder["data"], spec, row => row < 250) with { ModelDirectory = folder["model"] };

    private static string Train(TestFolder folder, string name, TrainingSpec spec, List<string>? log = null)
    {
        TrainingJob.Run(Assignment(folder, spec), folder["data"], folder[name], folder.Make("none"), "cpu", new TrainingHooks { Logged = line => log?.Add(line) }, TimeProvider.System);
        return folder[name];
    }

    private static Dictionary<string, SafeTensor> Read(string folder) => SafeTensors.Read(File.ReadAllBytes(Path.Combine(folder, "weights.safetensors")), "weights").Tensors;
}
