using System.Diagnostics;

namespace OrleansDL.Benchmarks.Bare;

/// <summary>The limit's own process: this program again, told to be the best simple code for one job.</summary>
internal sealed class BareProcess : IAsyncDisposable
{
    private readonly Process _process;

    private BareProcess(Process process) => _process = process;

    /// <summary>What it said when it was ready, after the word.</summary>
    public required string Ready { get; init; }

    public static async Task<BareProcess> StartAsync(IReadOnlyDictionary<string, string>? environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(BareProcess).Assembly.Location, "bare", .. arguments]) { RedirectStandardOutput = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("ready", StringComparison.Ordinal))
            {
                return new BareProcess(process) { Ready = line["ready".Length..].Trim() };
            }
        }

        await process.WaitForExitAsync();
        throw new InvalidOperationException($"The bare '{string.Join(' ', arguments)}' ended with {process.ExitCode}.");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}
