using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OrleansDL.Datasets;

namespace OrleansDL.Tests.Datasets;

internal static class Entries
{
    public static DatasetEntry File(string path, string content = "", long rows = 1) => new()
    {
        Path = path,
        Blob = BlobId.FromHash(SHA256.HashData(Encoding.UTF8.GetBytes(path + content))),
        Bytes = path.Length + content.Length,
        Rows = rows,
        Format = "file",
    };

    public static DatasetEntry[] Many(int count) =>
        [.. Enumerable.Range(0, count).Select(i => File(string.Create(CultureInfo.InvariantCulture, $"folder/{i:d7}.bin")))];
}
