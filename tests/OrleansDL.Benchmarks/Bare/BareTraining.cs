using System.Diagnostics;
using System.Globalization;
using OrleansDL.Native;
using static TorchSharp.torch;

namespace OrleansDL.Benchmarks.Bare;

/// <summary>The loop of TorchSharp's own examples: data in one tensor, a shuffled batch, forward, loss, backward, step.</summary>
internal static class BareTraining
{
    public static void Run()
    {
        TorchLibrary.Load();
        set_num_threads(1);
        random.manual_seed(1);
        using var inputs = rand(TrainSamples.Rows, TrainSamples.Features);
        using var labels = randint(TrainSamples.Labels, TrainSamples.Rows, dtype: ScalarType.Int64);
        using var network = nn.Sequential(
            ("fc1", nn.Linear(TrainSamples.Features, TrainSamples.Hidden[0])), ("relu1", nn.ReLU()),
            ("fc2", nn.Linear(TrainSamples.Hidden[0], TrainSamples.Hidden[1])), ("relu2", nn.ReLU()),
            ("fc3", nn.Linear(TrainSamples.Hidden[1], TrainSamples.Labels)));
        using var optimizer = optim.Adam(network.parameters(), 1e-3);
        using var loss = nn.CrossEntropyLoss();

        var watch = Stopwatch.StartNew();
        var (warmSteps, warmTime, steps) = (0L, TimeSpan.Zero, 0L);
        for (var epoch = 0; epoch < TrainSamples.Epochs; epoch++)
        {
            using var order = randperm(TrainSamples.Rows);
            for (var start = 0; start + TrainSamples.BatchSize <= TrainSamples.Rows; start += TrainSamples.BatchSize)
            {
                using var scope = NewDisposeScope();
                var batch = order.narrow(0, start, TrainSamples.BatchSize);
                optimizer.zero_grad();
                var value = loss.forward(network.forward(inputs.index_select(0, batch)), labels.index_select(0, batch));
                value.backward();
                optimizer.step();
                // Every loop that is worth running looks at its loss.
                value.item<float>();
                steps++;
                if (warmSteps == 0 && watch.Elapsed > TimeSpan.FromSeconds(1))
                {
                    (warmSteps, warmTime) = (steps, watch.Elapsed);
                }
            }
        }

        var rate = (steps - warmSteps) * TrainSamples.BatchSize / (watch.Elapsed - warmTime).TotalSeconds;
        Console.WriteLine($"ready {rate.ToString(CultureInfo.InvariantCulture)}");
    }
}
