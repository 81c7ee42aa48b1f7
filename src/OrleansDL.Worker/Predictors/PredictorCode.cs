using System.Text.Json;
using OrleansDL.Blobs;
using OrleansDL.Serving;
using OrleansDL.Training.Sandbox;
using OrleansDL.UserCode;

namespace OrleansDL.Predictors;

/// <summary>Lays the pushed code of a predictor beside its artifact. A predictor is user code, and needs what a worker has to be for that.</summary>
internal sealed class PredictorCode(BlobStore blobs, Isolation isolation)
{
    /// <exception cref="InvalidException">This worker runs no user code, or <c>predictor.json</c> cannot be read.</exception>
    /// <exception cref="NotFoundException">The code is not there (any more).</exception>
    public async Task FillAsync(string folder)
    {
        var file = Path.Combine(folder, PredictorSpec.File);
        if (!File.Exists(file))
        {
            return;
        }

        await isolation.MeansAsync();
        if (Read(await File.ReadAllBytesAsync(file)).Code is not { } digest)
        {
            return;
        }

        var root = Path.Combine(folder, PredictorSpec.CodeFolder);
        foreach (var part in CodeManifest.Read(await blobs.ReadAsync(digest)))
        {
            var path = Path.Combine(root, CodePath.Check(part.Path));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await blobs.LinkAsync(part.Blob, path);
        }
    }

    private static PredictorSpec Read(byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize<PredictorSpec>(json, OdlJson.Options) ?? throw new InvalidException($"{PredictorSpec.File} holds null.");
        }
        catch (JsonException error)
        {
            throw new InvalidException($"{PredictorSpec.File} cannot be read: {error.Message}");
        }
    }
}
