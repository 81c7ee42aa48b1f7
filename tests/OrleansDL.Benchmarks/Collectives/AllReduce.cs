using System.Diagnostics;
using System.Globalization;
using OrleansDL.Benchmarks.Bare;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks.Collectives;

/// <summary>Gradients summed per second of processor time, all ranks' time counted, beside OpenMPI over TCP on the same machine.</summary>
/// <remarks>OpenMPI yields while it waits (its default is to spin, which costs it more). Other sizes are told on the error stream.</remarks>
internal sealed class AllReduce : IBenchmark
{
    private const int Megabytes = 25;
    private const int Repetitions = 20;
    private const string Missing = "is not installed, and without it there is nothing to compare with. Install it: apt-get install openmpi-bin libopenmpi-dev gcc.";

    public string Name => "collectives.allreduce";

    public string Unit => "GB/cpu-s";

    public double? Goal => 1.0;

    public async Task<Comparison> RunAsync()
    {
        using var folder = new TempFolder();
        var program = await CompileAsync(folder.Path);
        foreach (var (ranks, megabytes) in ((int, int)[])[(4, Megabytes), (2, 4 * Megabytes), (4, 4 * Megabytes)])
        {
            var (ours, limit) = (await OursAsync(ranks, megabytes), await LimitAsync(program, ranks, megabytes));
            await Console.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"{Name}: {ranks} ranks, {megabytes} MB: {ours:0.000} GB/cpu-s beside {limit:0.000}"));
        }

        return await Comparison.InterleavedAsync(rounds: 5, () => OursAsync(2, Megabytes), () => LimitAsync(program, 2, Megabytes));
    }

    private static double Rate(int ranks, int megabytes, double seconds) => (double)ranks * Repetitions * megabytes / 1000 / seconds;

    private static int Floats(int megabytes) => megabytes * 1_000_000 / sizeof(float);

    private static async Task<double> OursAsync(int ranks, int megabytes)
    {
        using var folder = new TempFolder();
        var processes = await Task.WhenAll(Enumerable.Range(0, ranks).Select(rank =>
            BareProcess.StartAsync(null, "allreduce", folder.Path, $"{rank}", $"{ranks}", $"{Floats(megabytes)}", $"{Repetitions}")));
        var seconds = double.Parse(processes[0].Ready, CultureInfo.InvariantCulture);
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }

        return Rate(ranks, megabytes, seconds);
    }

    private static async Task<double> LimitAsync(string program, int ranks, int megabytes)
    {
        var output = await RunAsync(
            "mpirun", "--allow-run-as-root", "--oversubscribe", "-np", $"{ranks}", "--mca", "btl", "tcp,self", "--mca", "btl_tcp_if_include", "lo",
            "--mca", "mpi_yield_when_idle", "1", program, $"{Floats(megabytes)}", $"{Repetitions}");
        var line = output.Split('\n').Single(line => line.StartsWith("ready ", StringComparison.Ordinal));
        return Rate(ranks, megabytes, double.Parse(line["ready ".Length..], CultureInfo.InvariantCulture));
    }

    private static async Task<string> CompileAsync(string folder)
    {
        var (source, program) = (Path.Combine(folder, "allreduce.c"), Path.Combine(folder, "allreduce"));
        await using (var code = typeof(AllReduce).Assembly.GetManifestResourceStream("allreduce.c")!)
        await using (var file = File.Create(source))
        {
            await code.CopyToAsync(file);
        }

        await RunAsync("mpicc", "-O3", "-march=native", source, "-o", program);
        return program;
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new InvalidOperationException($"{program} {Missing}");
        }

        using (process)
        {
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {output}");
        }
    }
}
