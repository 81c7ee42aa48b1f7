using System.Security.Cryptography;
using System.Text;

namespace OrleansDL.UserCode;

/// <summary>Seals values with one key: AES-256-GCM over a fresh nonce, bound to project and name.</summary>
/// <remarks>Base64 of a byte 1, the nonce (12 bytes), the tag (16 bytes) and as many bytes as the value has in UTF-8.</remarks>
internal sealed class SecretBox
{
    public const int KeyBytes = 32;
    private const byte Format = 1;
    private const int Nonce = 12;
    private const int Tag = 16;
    private const int KeyIdBytes = 8;
    private readonly byte[] _key;

    public SecretBox(byte[] key)
    {
        _key = key;
        KeyId = Convert.ToHexStringLower(SHA256.HashData([.. "OrleansDL secrets "u8, .. key]).AsSpan(0, KeyIdBytes));
    }

    /// <summary>Tells keys apart, and nothing about the key.</summary>
    public string KeyId { get; }

    public string Seal(string project, string name, string value)
    {
        var plain = Encoding.UTF8.GetBytes(value);
        var box = new byte[1 + Nonce + Tag + plain.Length];
        box[0] = Format;
        RandomNumberGenerator.Fill(box.AsSpan(1, Nonce));
        using var cipher = new AesGcm(_key, Tag);
        cipher.Encrypt(box.AsSpan(1, Nonce), plain, box.AsSpan(1 + Nonce + Tag), box.AsSpan(1 + Nonce, Tag), About(project, name));
        return Convert.ToBase64String(box);
    }

    /// <exception cref="CryptographicException">It was sealed with another key, for another name, or is damaged.</exception>
    public string Open(string project, string name, string sealedValue)
    {
        var box = Convert.FromBase64String(sealedValue);
        if (box.Length < 1 + Nonce + Tag || box[0] != Format)
        {
            throw new CryptographicException("It is no sealed value of a format this version knows.");
        }

        var plain = new byte[box.Length - 1 - Nonce - Tag];
        using var cipher = new AesGcm(_key, Tag);
        cipher.Decrypt(box.AsSpan(1, Nonce), box.AsSpan(1 + Nonce + Tag), box.AsSpan(1 + Nonce, Tag), plain, About(project, name));
        return Encoding.UTF8.GetString(plain);
    }

    private static byte[] About(string project, string name) => Encoding.UTF8.GetBytes($"{project}/{name}");
}
