namespace OrleansDL.Tests.Hosting;

/// <summary>A folder that goes with the test.</summary>
internal sealed class TempDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("odl-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
