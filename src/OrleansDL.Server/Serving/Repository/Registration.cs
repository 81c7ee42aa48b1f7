using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OrleansDL.Blobs;
using OrleansDL.Models;

namespace OrleansDL.Serving.Repository;

/// <summary>A folder's version as a version of the registry: the same files are the same version, however often they are loaded.</summary>
internal static class Registration
{
    /// <summary>Name of an ONNX model's own file in every artifact.</summary>
    public const string ModelFile = "model.onnx";

    /// <param name="blobs">Takes the files.</param>
    /// <param name="folder">The model.</param>
    /// <param name="number">The version.</param>
    /// <param name="file">Name of the model's own file in the folder.</param>
    /// <param name="backend">The engine it is for.</param>
    /// <param name="named">Files beside the versions that the configuration names.</param>
    /// <exception cref="InvalidException">The version lacks its model.</exception>
    public static async Task<ModelRegistration> OfAsync(BlobStore blobs, FolderModel folder, long number, string file, Backend backend, IEnumerable<FolderFile> named)
    {
        var artifact = new SortedDictionary<string, BlobRef>(StringComparer.Ordinal);
        foreach (var part in folder.Versions[number].Concat(named))
        {
            await using var bytes = part.Open();
            artifact[part.Name == file ? backend.File : part.Name] = await blobs.PutAsync(bytes);
        }

        if (!artifact.ContainsKey(backend.File))
        {
            throw new InvalidException(string.Create(CultureInfo.InvariantCulture, $"version {number} is at UNAVAILABLE state: its folder has no file '{file}'"));
        }

        if (backend == Backend.Torch && !artifact.ContainsKey(Backend.SignatureFile))
        {
            artifact[Backend.SignatureFile] = await blobs.PutAsync(JsonSerializer.SerializeToUtf8Bytes(Backend.Declared(folder.Config), OdlJson.Options));
        }

        return new ModelRegistration { Id = IdOf(folder.Name, number, artifact), Artifact = artifact, Origin = ModelOrigin.Imported };
    }

    private static Guid IdOf(string model, long number, SortedDictionary<string, BlobRef> artifact) => new(SHA256.HashData(Encoding.UTF8.GetBytes(
        $"{model}/{number}/{string.Join('/', artifact.Select(file => $"{file.Key}={file.Value.Blob}"))}")).AsSpan(0, 16));
}
