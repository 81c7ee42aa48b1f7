using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.Repository;

/// <summary>Reads a model repository's folder: <c>MODEL/config.pbtxt</c>, <c>MODEL/VERSION/model.onnx</c>, label files beside them.</summary>
internal static class ModelFolder
{
    private const string ConfigFile = "config.pbtxt";
    private const int MaximumConfigBytes = 4 << 20;

    /// <summary>Names of the models in the folder.</summary>
    public static IReadOnlyList<string> List(string root) => Directory.Exists(root)
        ? [.. new DirectoryInfo(root).EnumerateDirectories().Select(folder => folder.Name).Where(name => !name.StartsWith('.')).Order(StringComparer.Ordinal)]
        : [];

    /// <param name="root">The repository.</param>
    /// <param name="model">The model's name, which is no path.</param>
    /// <param name="request">What a caller gives instead of what lies there.</param>
    /// <exception cref="InvalidException">There is no such model, or its configuration cannot be read.</exception>
    public static FolderModel Read(string root, string model, LoadRequest request)
    {
        var folder = new DirectoryInfo(Path.Combine(root, model));
        if (!folder.Exists && request.Files.Count == 0)
        {
            throw new InvalidException($"The model repository has no folder '{model}'.");
        }

        var config = ReadConfig(folder, request.Config, out var givesBatchSize);
        if (config.Name.Length > 0 && config.Name != model)
        {
            throw new InvalidException($"The configuration is of a model named '{config.Name}', and its folder is '{model}'.");
        }

        config.Name = model;
        return request.Files.Count > 0
            ? new FolderModel(
                model, config, givesBatchSize,
                request.Files.Where(file => file.Version is not null).GroupBy(file => file.Version!.Value)
                    .ToDictionary(version => version.Key, IReadOnlyList<FolderFile> (version) => [.. version.Select(Sent)]),
                [.. request.Files.Where(file => file.Version is null).Select(Sent)])
            : new FolderModel(
                model, config, givesBatchSize,
                folder.EnumerateDirectories().Select(version => (Number: NumberOf(version.Name), Folder: version)).Where(version => version.Number is not null)
                    .ToDictionary(version => version.Number!.Value, IReadOnlyList<FolderFile> (version) => [.. version.Folder.EnumerateFiles().Select(Lying)]),
                [.. folder.EnumerateFiles().Where(file => file.Name != ConfigFile).Select(Lying), .. ConfigFiles.Folders.SelectMany(name => Named(folder, name))]);
    }

    /// <summary>The version a folder's name is the number of; null for any other folder.</summary>
    public static long? NumberOf(string folder) =>
        folder.Length > 0 && folder[0] is not '0' && long.TryParse(folder, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Something that differs whenever a file of the model does.</summary>
    public static string Fingerprint(string root, string model) => string.Join('\n', new DirectoryInfo(Path.Combine(root, model))
        .EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 })
        .Select(file => string.Create(CultureInfo.InvariantCulture, $"{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}"))
        .Order(StringComparer.Ordinal));

    private static ModelConfig ReadConfig(DirectoryInfo folder, string? json, out bool givesBatchSize)
    {
        if (json is not null)
        {
            try
            {
                var config = JsonParser.Default.Parse<ModelConfig>(json);
                using var document = JsonDocument.Parse(json);
                givesBatchSize = document.RootElement.TryGetProperty("max_batch_size", out _) || document.RootElement.TryGetProperty("maxBatchSize", out _);
                return config;
            }
            catch (Exception error) when (error is InvalidProtocolBufferException or JsonException or InvalidJsonException)
            {
                throw new InvalidException($"The configuration given is no ModelConfig: {error.Message}");
            }
        }

        var file = new FileInfo(Path.Combine(folder.FullName, ConfigFile));
        if (!file.Exists)
        {
            givesBatchSize = false;
            return new ModelConfig();
        }

        if (file.Length > MaximumConfigBytes)
        {
            throw new InvalidException($"{ConfigFile} has {file.Length} bytes; {MaximumConfigBytes} are taken at most.");
        }

        var text = File.ReadAllText(file.FullName);
        try
        {
            var given = new HashSet<string>(StringComparer.Ordinal);
            var config = ProtoText.Parse<ModelConfig>(text, given);
            givesBatchSize = given.Contains("max_batch_size");
            return config;
        }
        catch (InvalidException error)
        {
            throw new InvalidException($"{ConfigFile}, {error.Message}");
        }
    }

    /// <summary>Files that a configuration can name, below a folder of their own.</summary>
    private static IEnumerable<FolderFile> Named(DirectoryInfo model, string folder) => new DirectoryInfo(Path.Combine(model.FullName, folder)) is { Exists: true } found
        ? found.EnumerateFiles().Select(file => new FolderFile(ConfigFiles.NameOf(folder, file.Name), file.OpenRead))
        : [];

    private static FolderFile Lying(FileInfo file) => new(file.Name, file.OpenRead);

    private static FolderFile Sent(SentFile file) => new(file.Name, () => new MemoryStream(file.Bytes, writable: false));
}
