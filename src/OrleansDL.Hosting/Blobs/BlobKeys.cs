namespace OrleansDL.Blobs;

/// <summary>Under which keys a backend holds what.</summary>
internal static class BlobKeys
{
    private const string Packs = "packs/";
    private const string Sums = ".sums";
    private const string Uploads = "uploads/";

    public static string Of(BlobId blob) => $"{blob.Hex[..2]}/{blob.Hex[2..]}";

    /// <summary>Where the checksums of a large blob lie.</summary>
    public static string OfSums(BlobId blob) => Of(blob) + Sums;

    /// <summary>Where an object lies that was uploaded straight to the store and is no blob yet.</summary>
    public static string OfUpload(string name) => Uploads + name;

    public static bool IsUpload(string key) => key.StartsWith(Uploads, StringComparison.Ordinal);

    public static string OfPack(string pack) => $"{Packs}{pack[..2]}/{pack[2..]}";

    /// <summary>The pack that lies under a key, or null.</summary>
    public static string? PackOf(string key) => key.StartsWith(Packs, StringComparison.Ordinal) && BlobOf(key[Packs.Length..]) is { } id ? id.Hex : null;

    /// <summary>The blob that lies under a key, or null.</summary>
    public static BlobId? BlobOf(string key) =>
        key.Length == 65 && key[2] == '/' && BlobId.TryParse(string.Concat(key.AsSpan(0, 2), key.AsSpan(3)), out var id) ? id : null;

    /// <summary>The blob whose checksums lie under a key, or null.</summary>
    public static BlobId? SumsOf(string key) => key.EndsWith(Sums, StringComparison.Ordinal) ? BlobOf(key[..^Sums.Length]) : null;
}
