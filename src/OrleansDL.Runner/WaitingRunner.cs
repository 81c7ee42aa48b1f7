using System.Runtime.InteropServices;
using System.Text.Json;
using OrleansDL.Native;

namespace OrleansDL.Runner;

/// <summary>Runs one program after another in this process, so that only the first waits for libtorch.</summary>
/// <remarks>
/// Nothing of a program is to be met by the next one: threads, sockets and tensors end with it, seed and number of threads are set by each,
/// and its environment is handed to it. A program that does not end well ends the process, for what it leaves behind is unknown.
/// </remarks>
internal static partial class WaitingRunner
{
    public const string Argument = "wait";

    /// <param name="run">Runs the program with these variables to its exit code.</param>
    /// <returns>The exit code of the program that did not end well; 0 when no further one is asked for.</returns>
    public static async Task<int> RunAsync(Func<Func<string, string?>, Task<int>> run)
    {
        TorchLibrary.Load();
        using var orders = new StreamReader(Console.OpenStandardInput());
        while (await orders.ReadLineAsync() is { } line)
        {
            var order = JsonSerializer.Deserialize<RunnerOrder>(line, OdlJson.Options) ?? throw new InvalidException("An order on stdin is null.");
            Directory.SetCurrentDirectory(order.Folder);
            var exitCode = await run(name => order.Environment.GetValueOrDefault(name));
            if (exitCode != ExitCodes.Done)
            {
                return exitCode;
            }

            // The folder is removed next.
            Directory.SetCurrentDirectory("/");
            await Console.Out.WriteLineAsync(order.End);
            await Console.Error.WriteLineAsync(order.End);
            Forget();
        }

        return ExitCodes.Done;
    }

    /// <summary>Gives back the memory of what has ended, while nobody waits for this process.</summary>
    public static void Forget()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        _ = Trim(0);
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint keep);
}
