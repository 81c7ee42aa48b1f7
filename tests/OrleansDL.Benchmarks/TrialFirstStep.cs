using OrleansDL.Benchmarks.Harness;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks;

/// <summary>From queued to the first step done, in a process that has trained before; the limit is what is wanted.</summary>
internal sealed class TrialFirstStep : IBenchmark
{
    private const double Wanted = 0.3;
    private const int Rounds = 15;

    public string Name => "trial.first-step";

    public string Unit => "s";

    public double? Goal => 1;

    public bool SmallerIsBetter => true;

    public async Task<Comparison> RunAsync()
    {
        using var folder = new TempFolder();
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = folder.Path });
        using var api = node.Api();
        await TableModel.AddRowsAsync(api);
        var seconds = new List<double>();
        for (var round = 0; round <= Rounds; round++)
        {
            var run = await Trials.EndedAsync(api, await Trials.CreateAsync(api, epochs: 5));
            seconds.Add(await Trials.FirstStepAsync(api, run));
        }

        // The first one finds no warm process.
        seconds.RemoveAt(0);
        seconds.Sort();
        return new Comparison(seconds[seconds.Count / 2], Wanted);
    }
}
