using System.Diagnostics.Tracing;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing.Etlx;

namespace OrleansDL.Runner;

/// <summary>On SIGUSR1 writes to stderr what every thread of this process does, and ends the process: the worker asks so of a program that hangs.</summary>
/// <remarks>The runtime's own sampling profiler walks the stacks, through the diagnostics port of this very process: so whoever is to be trusted with what a
/// plug-in's process says reads text and no traces, and the sandbox opens for nothing.</remarks>
internal static partial class ThreadStacks
{
    private const int User = 10;
    private const int BufferMegabytes = 16;
    private const int MaximumThreads = 200;
    private const int MaximumFrames = 100;
    private const string Profiler = "Microsoft-DotNETCore-SampleProfiler";
    private static readonly TimeSpan Sampling = TimeSpan.FromMilliseconds(50);

    public static IDisposable OnSignal() => PosixSignalRegistration.Create((PosixSignal)User, signal =>
    {
        signal.Cancel = true;
        _ = WriteAndEndAsync(Console.Error);
    });

    private static async Task WriteAndEndAsync(TextWriter output)
    {
        await WriteAsync(output);

        // Nothing of a process that hangs may hold up its end.
        End(ExitCodes.Failed);
    }

    private static async Task WriteAsync(TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("odl-stacks-");
        try
        {
            var trace = Path.Combine(folder.FullName, "trace.nettrace");
            await TraceAsync(trace);
            using var log = new TraceLog(TraceLog.CreateFromEventPipeDataFile(trace));
            foreach (var line in Lines(log))
            {
                await output.WriteLineAsync(line);
            }
        }
        catch (Exception e)
        {
            await output.WriteLineAsync($"The stacks of its threads could not be taken: {e.Message}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task TraceAsync(string path)
    {
        var client = new DiagnosticsClient(Environment.ProcessId);
        using var session = await client.StartEventPipeSessionAsync([new EventPipeProvider(Profiler, EventLevel.Informational)], requestRundown: true, BufferMegabytes, CancellationToken.None);
        await using var file = File.Create(path);
        var copy = session.EventStream.CopyToAsync(file);
        await Task.Delay(Sampling, TimeProvider.System);
        await session.StopAsync(CancellationToken.None);
        await copy;
    }

    // The first sample of each thread, but of the one that asks.
    private static IEnumerable<string> Lines(TraceLog log)
    {
        var seen = new HashSet<int>();
        foreach (var sample in log.Events)
        {
            if (sample.ProviderName != Profiler || seen.Count == MaximumThreads || !seen.Add(sample.ThreadID))
            {
                continue;
            }

            var frames = new List<string>();
            for (var frame = sample.CallStack(); frame is not null && frames.Count < MaximumFrames; frame = frame.Caller)
            {
                if (frame.CodeAddress.FullMethodName is { Length: > 0 } method)
                {
                    frames.Add($"    at {method}");
                }
            }

            if (frames.Count > 0 && !frames.Exists(frame => frame.Contains(typeof(ThreadStacks).FullName!, StringComparison.Ordinal)))
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"Managed thread {sample.ThreadID}:");
                foreach (var frame in frames)
                {
                    yield return frame;
                }
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void End(int code);
}
