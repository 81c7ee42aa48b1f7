using System.Diagnostics;
using Dapper;
using Npgsql;

namespace OrleansDL.Tests.Harness;

/// <summary>A PostgreSQL server of our own, in a temporary folder on a free loopback port, gone when it is disposed.</summary>
/// <remarks>It does not fsync: nodes are killed, never the machine under the database.</remarks>
internal sealed class PostgresProcess : IAsyncDisposable
{
    private const string User = "postgres";

    private readonly string _folder = Directory.CreateTempSubdirectory("odl-postgres-").FullName;
    private readonly int _port = Ports.Free(1)[0];
    private Process? _server;
    private int _databases;

    private PostgresProcess()
    {
    }

    private static bool IsRoot => Environment.UserName == "root";

    private string Data => Path.Combine(_folder, "data");

    /// <summary>One that takes connections.</summary>
    public static async Task<PostgresProcess> StartAsync()
    {
        var process = new PostgresProcess();
        await process.RunAsync();
        return process;
    }

    /// <summary>An empty database.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"odl{Interlocked.Increment(ref _databases)}";
        await using var connection = new NpgsqlConnection(ConnectionString("postgres"));
        await connection.OpenAsync();
        await connection.ExecuteAsync($"CREATE DATABASE {name}");
        return ConnectionString(name);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is { HasExited: false })
        {
            // The postmaster's own pid: whatever started it as another user may stand between.
            var lines = await File.ReadAllLinesAsync(Path.Combine(Data, "postmaster.pid"));
            Signals.Interrupt(int.Parse(lines[0], System.Globalization.CultureInfo.InvariantCulture));
            await _server.WaitForExitAsync();
        }

        _server?.Dispose();
        NpgsqlConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task RunAsync()
    {
        if (IsRoot)
        {
            // PostgreSQL refuses to run as root; Debian's package brings the user.
            await RunAsync("chown", User, _folder);
        }

        await RunAsPostgresAsync(Binary("initdb"), "-D", Data, "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
        _server = StartAsPostgres(
            Binary("postgres"), "-D", Data, "-p", $"{_port}", "-k", _folder, "-h", "127.0.0.1", "-c", "fsync=off",
            "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=300", "-c", "shared_buffers=64MB");
        await Eventually.TrueAsync("PostgreSQL to accept connections", CanConnectAsync, TimeSpan.FromSeconds(30));
    }

    private string ConnectionString(string database) =>
        $"Host=127.0.0.1;Port={_port};Username={User};Database={database};Pooling=false";

    private async Task<bool> CanConnectAsync()
    {
        try
        {
            await using var connection = new NpgsqlConnection(ConnectionString("postgres"));
            await connection.OpenAsync();
            return true;
        }
        catch (NpgsqlException)
        {
            return _server is { HasExited: true } ? throw new InvalidOperationException("PostgreSQL ended while starting.") : false;
        }
    }

    private static string Binary(string name) =>
        Directory.EnumerateDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin", name)).Last(File.Exists);

    private static Process StartAsPostgres(params string[] command) => Start(AsPostgres(command));

    private static Task RunAsPostgresAsync(params string[] command) => RunAsync(AsPostgres(command));

    private static string[] AsPostgres(string[] command) =>
        IsRoot ? ["setpriv", $"--reuid={User}", $"--regid={User}", "--clear-groups", .. command] : command;

    private static Process Start(params string[] command)
    {
        var start = new ProcessStartInfo(command[0]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        foreach (var argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static async Task RunAsync(params string[] command)
    {
        using var process = Start(command);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"'{string.Join(' ', command)}' ended with {process.ExitCode}.");
        }
    }
}
