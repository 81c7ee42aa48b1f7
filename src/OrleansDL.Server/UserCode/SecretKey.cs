using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using OrleansDL.Nodes;

namespace OrleansDL.UserCode;

/// <summary>The file of the key that seals secrets. It lies beside the database, not in it: a copy of the database opens nothing.</summary>
internal sealed class SecretKey(NodeOptions node, IOptions<SecretOptions> options)
{
    private const string FileName = "secrets.key";
    private SecretBox? _box;

    /// <summary>Where the key lies.</summary>
    public string Path => System.IO.Path.GetFullPath(options.Value.KeyFile ?? System.IO.Path.Combine(node.DirectoryOrDefault, FileName));

    /// <summary>The key; null: this server has none.</summary>
    /// <exception cref="InvalidException">The file holds no key.</exception>
    public async ValueTask<SecretBox?> FindAsync()
    {
        if (_box is null && File.Exists(Path))
        {
            _box = Parse(await File.ReadAllTextAsync(Path));
        }

        return _box;
    }

    /// <summary>Makes the key, unless someone has just done so.</summary>
    public async Task<SecretBox> MakeAsync()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        var unfinished = $"{Path}.{Guid.NewGuid():N}";
        await using (var file = new FileStream(unfinished, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            await using var writer = new StreamWriter(file, leaveOpen: true);
            await writer.WriteLineAsync(Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretBox.KeyBytes)));
            await writer.FlushAsync();
            file.Flush(flushToDisk: true);
        }

        try
        {
            File.Move(unfinished, Path, overwrite: false);
        }
        catch (IOException) when (File.Exists(Path))
        {
            File.Delete(unfinished);
        }

        return (await FindAsync())!;
    }

    private SecretBox Parse(string text)
    {
        var key = new byte[SecretBox.KeyBytes];
        return Convert.TryFromBase64String(text.Trim(), key, out var bytes) && bytes == key.Length
            ? new SecretBox(key)
            : throw new InvalidException($"'{Path}' holds no key: it needs {SecretBox.KeyBytes} bytes as base64 ('openssl rand -base64 {SecretBox.KeyBytes}').");
    }
}
