namespace OrleansDL.Tests.Harness;

/// <summary>One embedded node for tests that leave it as they found it.</summary>
public sealed class SqliteNode : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("odl-test-").FullName;
    private OdlProcess? _process;

    internal OdlProcess Process => _process ?? throw new InvalidOperationException("The node was not started.");

    public async Task InitializeAsync() => _process = await OdlProcess.StartAsync(new OdlOptions { Data = _folder });

    public async Task DisposeAsync()
    {
        await Process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
