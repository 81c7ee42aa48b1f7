namespace OrleansDL;

/// <summary>Stored bytes are not what their digest says. They are not handed out; the message names the blob and where it lies.</summary>
[GenerateSerializer, Alias("blob-damaged")]
public sealed class BlobDamagedException(string message) : OrleansDLException(message)
{
    public override string Code => "blob-damaged";
    public override int Status => 500;
}
