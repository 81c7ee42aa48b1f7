using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using OrleansDL.Inference;
using OrleansDL.Native;
using OrleansDL.Onnx;

namespace OrleansDL.Benchmarks.Serving;

/// <summary>Models for measuring, from a float32 input <c>x</c> with an open batch to an output <c>y</c>.</summary>
internal static class OnnxFiles
{
    private const int Side = 192;

    /// <summary>As good as nothing to do: <c>y = x + offset</c>.</summary>
    public static byte[] Offset(int columns, float offset = 1)
    {
        var graph = new OnnxGraph();
        graph.Node("Add", [graph.Input("x", OnnxType.Float, [-1, columns]), graph.Scalar(offset)], "y");
        graph.Output("y", [-1, columns]);
        return graph.Write("offset");
    }

    /// <summary>A multilayer perceptron with probabilities.</summary>
    public static byte[] Perceptron(int columns, int[] hidden, int labels)
    {
        var graph = new OnnxGraph();
        var random = new Random(1);
        float[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() - 0.5f) / 4)];
        var (inner, width) = (graph.Input("x", OnnxType.Float, [-1, columns]), columns);
        foreach (var (layer, size) in hidden.Index())
        {
            inner = graph.Node("Relu", [graph.Node("MatMul", [inner, graph.Weights($"w{layer}", Draw(width * size), width, size)])]);
            width = size;
        }

        graph.Node("Softmax", [graph.Node("MatMul", [inner, graph.Weights("w", Draw(width * labels), width, labels)])], "y");
        graph.Output("y", [-1, labels]);
        return graph.Write("perceptron");
    }

    /// <summary>The mean of each row's input, after as many products of matrices as take a time on this core.</summary>
    /// <param name="shape">Of a row.</param>
    /// <param name="milliseconds">Of one run.</param>
    public static byte[] Work(long[] shape, double milliseconds)
    {
        const int Sample = 8;
        var (few, many) = (Seconds(Work(shape, Sample), shape, 30), Seconds(Work(shape, 5 * Sample), shape, 30));
        var one = (many - few) / (4 * Sample);
        return Work(shape, Math.Max(1, (int)Math.Round(((milliseconds / 1000) - few) / one) + Sample));
    }

    /// <summary>Median seconds of a run by ONNX Runtime in this process, with all that can be kept between runs kept.</summary>
    public static double Seconds(byte[] model, long[] shape, int runs) => With(model, shape, run => Calls.Median([.. Enumerable.Range(0, runs).Select(_ =>
    {
        var began = Stopwatch.GetTimestamp();
        run();
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    })]));

    /// <summary>Mean seconds of runs one after another.</summary>
    public static double MeanSeconds(byte[] model, long[] shape, TimeSpan time) => With(model, shape, run =>
    {
        var (watch, runs) = (Stopwatch.StartNew(), 0);
        for (; watch.Elapsed < time; runs++)
        {
            run();
        }

        return watch.Elapsed.TotalSeconds / runs;
    });

    private static T With<T>(byte[] model, long[] shape, Func<Action, T> measure)
    {
        OnnxLibrary.Load();
        using var options = ModelSession.Options();
        using var session = new InferenceSession(model, options);
        using var binding = session.CreateIoBinding();
        using var run = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(new float[shape.Aggregate(1L, (product, size) => product * size)], [1, .. shape]);
        binding.BindInput("x", input);
        var sizes = session.OutputMetadata["y"].Dimensions.Skip(1).ToArray();
        using var output = OrtValue.CreateTensorValueFromMemory(new float[sizes.Aggregate(1, (product, size) => product * size)], [1, .. sizes.Select(size => (long)size)]);
        binding.BindOutput("y", output);
        for (var warm = 0; warm < 3; warm++)
        {
            session.RunWithBinding(run, binding);
        }

        return measure(() => session.RunWithBinding(run, binding));
    }

    private static byte[] Work(long[] shape, int products)
    {
        var graph = new OnnxGraph();
        var rows = graph.Node("Flatten", [graph.Input("x", OnnxType.Float, [-1, .. shape])], null, OnnxAttribute.Of("axis", 1L));
        var mean = graph.Node("ReduceMean", [rows], null, OnnxAttribute.Of("axes", [1L]), OnnxAttribute.Of("keepdims", 1L));

        // Each product keeps the means of the rows: numbers neither grow nor fade, which would change what they cost.
        float[] even = [.. Enumerable.Repeat(1f / Side, Side * Side)];
        var factor = graph.Weights("factor", even, Side, Side);
        var matrix = graph.Node("Add", [graph.Weights("start", even, Side, Side), graph.Node("ReduceMean", [mean], null, OnnxAttribute.Of("keepdims", 0L))]);
        for (var product = 0; product < products; product++)
        {
            matrix = graph.Node("MatMul", [matrix, factor]);
        }

        graph.Node("Add", [mean, graph.Node("ReduceMean", [matrix], null, OnnxAttribute.Of("keepdims", 0L))], "y");
        graph.Output("y", [-1, 1]);
        return graph.Write("work");
    }
}
