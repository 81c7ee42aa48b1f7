namespace OrleansDL.Datasets.Push;

/// <summary>A file on its way: its digest once it is known, here or by the server's answer.</summary>
internal sealed class PushedFile(LocalFile local)
{
    public LocalFile Local => local;
    public BlobId? Blob { get; set; }
}
