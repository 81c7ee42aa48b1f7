using OrleansDL.Database;

namespace OrleansDL.Datasets.Uploads;

/// <summary>A large file that is coming in, as it stands in the database.</summary>
internal sealed class UploadRow
{
    public string Id { get; set; } = "";
    public string Project { get; set; } = "";
    public string Dataset { get; set; } = "";
    public long Bytes { get; set; }
    public string? Sha256 { get; set; }
    public long Durable { get; set; }
    public string? Sealed { get; set; }
    public string? Blob { get; set; }
    public long CreatedAt { get; set; }
    public long ExpiresAt { get; set; }

    public Upload ToUpload(long offset) => new()
    {
        Id = Guid.Parse(Id),
        Bytes = Bytes,
        Offset = offset,
        Sha256 = Sha256 is null ? null : BlobId.Parse(Sha256),
        Blob = Blob is null ? null : BlobId.Parse(Blob),
        CreatedAt = Micros.ToTime(CreatedAt),
        ExpiresAt = Micros.ToTime(ExpiresAt),
    };
}
