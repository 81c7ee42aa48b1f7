using OrleansDL.Native;
using static TorchSharp.torch;

namespace OrleansDL.Benchmarks.Training;

/// <summary>The loop of TorchSharp's own examples over a network of its modules: data in one tensor, a shuffled batch, forward, loss, backward, step.</summary>
internal static class BareLoop
{
    public static void Run(string family)
    {
        TorchLibrary.Load();
        set_num_threads(1);
        random.manual_seed(1);
        var (rows, clock) = (FamilyRows.Of(family), new ProcessorClock());
        using var inputs = family switch
        {
            "cnn" => rand(rows.Rows, 1, FamilyRows.Side, FamilyRows.Side),
            "encoder" => randint(2, FamilyRows.Words, [rows.Rows, FamilyRows.Length], dtype: ScalarType.Int64),
            _ => rand(rows.Rows, FamilyRows.Features),
        };
        using var labels = randint(FamilyRows.Labels, rows.Rows, dtype: ScalarType.Int64);
        using var network = Network(family);
        using var optimizer = optim.Adam(network.parameters(), 1e-3);
        using var loss = nn.CrossEntropyLoss();
        for (var step = 0L; ;)
        {
            using var order = randperm(rows.Rows);
            for (var start = 0; start < rows.Rows; start += rows.BatchSize)
            {
                using var scope = NewDisposeScope();
                var batch = order.narrow(0, start, rows.BatchSize);
                optimizer.zero_grad();
                var value = loss.forward(network.forward(inputs.index_select(0, batch)), labels.index_select(0, batch));
                value.backward();
                optimizer.step();
                // Every loop that is worth running looks at its loss.
                value.item<float>();
                if (clock.IsDone(++step, rows.BatchSize))
                {
                    return;
                }
            }
        }
    }

    private static nn.Module<Tensor, Tensor> Network(string family) => family switch
    {
        "cnn" => nn.Sequential(
            nn.Conv2d(1, 16, 3, padding: 1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding: 1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(32 * 7 * 7, 128), nn.ReLU(), nn.Dropout(0.1), nn.Linear(128, FamilyRows.Labels)),
        "encoder" => new BareEncoder(FamilyRows.Words, FamilyRows.Length, 64, 2, 4, 0.1, FamilyRows.Labels),
        _ => nn.Sequential(nn.Linear(FamilyRows.Features, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, FamilyRows.Labels)),
    };
}
