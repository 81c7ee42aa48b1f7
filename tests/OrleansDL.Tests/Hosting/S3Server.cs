using System.Diagnostics;
using System.Globalization;
using OrleansDL.Blobs;

namespace OrleansDL.Tests.Hosting;

/// <summary>A real S3 server (tests/s3, from npm) on a free loopback port, with an empty bucket; shared by the tests of a class.</summary>
public sealed class S3Server : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("odl-s3-").FullName;
    private Process? _process;

    public int Port { get; private set; }

    public async Task InitializeAsync()
    {
        var program = Path.Combine(Root(), "tests", "s3", "server.js");
        if (!Directory.Exists(Path.Combine(Path.GetDirectoryName(program)!, "node_modules")))
        {
            throw new InvalidOperationException("The S3 server of the tests is not installed. tests/run installs it, or: npm ci --prefix tests/s3");
        }

        _process = Process.Start(new ProcessStartInfo("node", [program, _folder]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Port = int.Parse((await _process.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
    }

    /// <summary>A store of its own in the bucket.</summary>
    /// <param name="port">Another port to reach it through.</param>
    public BlobOptions NewStore(int? port = null) => new()
    {
        Location = $"s3://blobs/{Guid.NewGuid():N}",
        S3 = new S3Options
        {
            Endpoint = $"http://127.0.0.1:{port ?? Port}",
            PathStyle = true,
            AccessKey = "S3RVER",
            SecretKey = "S3RVER",
            PartBytes = 5 << 20,
            StallTimeout = TimeSpan.FromMilliseconds(500),
            Retries = 3,
        },
    };

    public async Task DisposeAsync()
    {
        if (_process is { } process)
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "OrleansDL.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("OrleansDL.sln was not found above the tests.");
    }
}
