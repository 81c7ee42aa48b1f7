using System.Text.Json;
using OrleansDL.Output;

namespace OrleansDL;

/// <summary>Reads and writes the files that commands name; <c>-</c> is standard input or output.</summary>
internal static class Files
{
    public static async Task<string> ReadTextAsync(string path, CancellationToken cancellationToken) => path == "-"
        ? await Console.In.ReadToEndAsync(cancellationToken)
        : await File.ReadAllTextAsync(Existing(path), cancellationToken);

    public static async Task<T> ReadJsonAsync<T>(string path, CancellationToken cancellationToken)
    {
        var text = await ReadTextAsync(path, cancellationToken);
        try
        {
            return JsonSerializer.Deserialize<T>(text, OdlJson.Options)
                ?? throw new InvalidException($"{path} holds null. Write the object there.");
        }
        catch (JsonException e)
        {
            throw new InvalidException($"{path}: {e.Message}");
        }
    }

    public static string Existing(string path) => File.Exists(path)
        ? path
        : throw new NotFoundException($"There is no file '{path}'. Check the path.");

    /// <summary>Saves a download; a file that was there is replaced only once all bytes have come.</summary>
    public static async Task SaveAsync(Stream content, string path, Screen screen, CancellationToken cancellationToken)
    {
        if (path == "-")
        {
            await using var output = Console.OpenStandardOutput();
            await content.CopyToAsync(output, cancellationToken);
            return;
        }

        var partial = path + ".part";
        long bytes;
        await using (var file = File.Create(partial))
        {
            await content.CopyToAsync(file, cancellationToken);
            bytes = file.Length;
        }

        File.Move(partial, path, overwrite: true);
        screen.Line($"Saved {path} ({Format.Bytes(bytes)}).");
    }
}
