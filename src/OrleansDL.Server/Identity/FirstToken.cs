using Microsoft.Extensions.Logging;
using OrleansDL.Access;
using OrleansDL.Nodes;

namespace OrleansDL.Identity;

/// <summary>The first start of a database makes an admin token and writes it where only the node's owner can read it.</summary>
internal sealed partial class FirstToken(TokenStore tokens, NodeOptions node, ILogger<FirstToken> logger)
{
    public const string FileName = "admin.token";

    public async Task EnsureAsync()
    {
        if (await tokens.AnyAsync())
        {
            return;
        }

        var path = Path.Combine(node.DirectoryOrDefault, FileName);
        Directory.CreateDirectory(node.DirectoryOrDefault);
        var token = await tokens.CreateAsync(new TokenSpec { Title = "first admin", Role = Role.Admin });
        File.Delete(path);
        await using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        await using var writer = new StreamWriter(file);
        await writer.WriteLineAsync(token.Secret);
        LogWritten(path);
    }

    [LoggerMessage(LogLevel.Information, "Wrote the first admin token to {Path}")]
    private partial void LogWritten(string path);
}
