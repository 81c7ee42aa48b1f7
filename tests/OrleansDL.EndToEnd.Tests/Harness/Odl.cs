using System.Diagnostics;

namespace OrleansDL.Tests.Harness;

/// <summary>The product's one executable, as the solution builds it.</summary>
internal static class Odl
{
    /// <summary>Beside these tests' own output: .../bin/OrleansDL.EndToEnd.Tests/release.</summary>
    public static string Assembly { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "OrleansDL.Cli", new DirectoryInfo(AppContext.BaseDirectory).Name, "odl.dll"));

    public static ProcessStartInfo Start(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Assembly);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return start;
    }

    /// <summary>Runs a command to its end.</summary>
    /// <param name="arguments">What is typed after <c>odl</c>.</param>
    /// <param name="environment">Variables besides those of this process.</param>
    /// <param name="within">How long it may take; null: a minute.</param>
    /// <param name="input">What its standard input holds; null: that of this process.</param>
    public static async Task<CommandResult> RunAsync(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, TimeSpan? within = null, string? input = null)
    {
        var start = Start(arguments, environment);
        start.RedirectStandardInput = input is not null;
        using var process = Process.Start(start)!;
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }

        using var deadline = new CancellationTokenSource(within ?? TimeSpan.FromSeconds(60));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var error = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return new CommandResult(process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
