namespace OrleansDL.UserCode;

/// <summary>How the values of secrets are kept.</summary>
internal sealed class SecretOptions
{
    /// <summary>File of the key that seals them, 32 bytes as base64; null for <c>secrets.key</c> in the data folder, made with the first secret.
    /// Servers of one database need the same.</summary>
    public string? KeyFile { get; set; }
}
