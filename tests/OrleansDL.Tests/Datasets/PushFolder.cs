using System.Security.Cryptography;

namespace OrleansDL.Tests.Datasets;

/// <summary>A folder to push, with what is known of its files.</summary>
internal sealed class PushFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("odl-push-").FullName;

    public byte[] Write(string name, int bytes, int seed)
    {
        var content = new byte[bytes];
        new Random(seed).NextBytes(content);
        return Write(name, content);
    }

    public byte[] Write(string name, byte[] content)
    {
        var file = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, content);
        return content;
    }

    public void Delete(string name) => File.Delete(System.IO.Path.Combine(Path, name));

    public static BlobId Digest(byte[] content) => BlobId.FromHash(SHA256.HashData(content));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
