using System.Globalization;
using OrleansDL.Benchmarks.Bare;
using OrleansDL.Benchmarks.Harness;

namespace OrleansDL.Benchmarks.Training;

/// <summary>Resident memory of a process that trains 10,000 steps of an encoder, with checkpoints: at the end beside after 1,000 to 2,000 steps. Flat is 1.</summary>
internal sealed class TrainMemory : IBenchmark
{
    private const int Steps = 10_000;

    public string Name => "train.memory";

    public string Unit => "MiB";

    public double? Goal => 0.95;

    public bool SmallerIsBetter => true;

    public async Task<Comparison> RunAsync()
    {
        var environment = new Dictionary<string, string> { ["OMP_NUM_THREADS"] = "1", ["OMP_WAIT_POLICY"] = "passive" };
        await using var process = await BareProcess.StartAsync(environment, "memory", "encoder", Steps.ToString(CultureInfo.InvariantCulture));
        var memory = process.Ready.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray();
        return new Comparison(memory[1], memory[0]);
    }
}
