using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OrleansDL.Blobs;
using OrleansDL.Models;

namespace OrleansDL.Serving.Repository;

/// <summary>A folder's version as a version of the registry: the same files are the same version, however often they are loaded.</summary>
internal static class Registration
{
    /// <summary>Name of the model's own file in every artifact.</summary>
    public const string ModelFile = "model.onnx";

    /// <param name="blobs">Takes the files.</param>
    /// <param name="folder">The model.</param>
    /// <param name="number">The version.</param>
    /// <param name="file">Name of the model's own file in the folder.</param>
    /// <param name="named">Files beside the versions that the configuration names.</param>
    /// <exception cref="InvalidException">The version lacks its model.</exception>
    public static async Task<ModelRegistration> OfAsync(BlobStore blobs, FolderModel folder, long number, string file, IEnumerable<FolderFile> named)
    {
        var artifact = new SortedDictionary<string, BlobRef>(StringComparer.Ordinal);
        foreach (var part in folder.Versions[number].Concat(named))
        {
            await using var bytes = part.Open();
            artifact[part.Name == file ? ModelFile : part.Name] = await blobs.PutAsync(bytes);
        }

        if (!artifact.ContainsKey(ModelFile))
        {
            throw new InvalidException(string.Create(CultureInfo.InvariantCulture, $"version {number} is at UNAVAILABLE state: its folder has no file '{file}'"));
        }

        return new ModelRegistration { Id = IdOf(folder.Name, number, artifact), Artifact = artifact };
    }

    private static Guid IdOf(string model, long number, SortedDictionary<string, BlobRef> artifact) => new(SHA256.HashData(Encoding.UTF8.GetBytes(
        $"{model}/{number}/{string.Join('/', artifact.Select(file => $"{file.Key}={file.Value.Blob}"))}")).AsSpan(0, 16));
}
