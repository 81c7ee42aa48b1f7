using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace OrleansDL;

/// <summary>The SHA-256 of a blob's bytes, written <c>sha256:</c> and 64 lower-case hexadecimal digits.</summary>
[GenerateSerializer, Immutable, Alias("blob-id"), JsonConverter(typeof(BlobIdJsonConverter))]
public readonly record struct BlobId
{
    private const string Prefix = "sha256:";
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    [Id(0)] private readonly string? _hex;

    private BlobId(string hex) => _hex = hex;

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public string Hex => _hex ?? throw new InvalidOperationException("This blob id was never set.");

    public static BlobId FromHash(ReadOnlySpan<byte> sha256) => sha256.Length == 32
        ? new BlobId(Convert.ToHexStringLower(sha256))
        : throw new ArgumentException("A SHA-256 has 32 bytes.", nameof(sha256));

    /// <summary>Reads <c>sha256:hex</c>, or the digits alone.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out BlobId id)
    {
        id = default;
        if (text is null)
        {
            return false;
        }

        var hex = text.StartsWith(Prefix, StringComparison.Ordinal) ? text[Prefix.Length..] : text;
        if (hex.Length != 64 || hex.AsSpan().ContainsAnyExcept(Digits))
        {
            return false;
        }

        id = new BlobId(hex);
        return true;
    }

    /// <exception cref="InvalidException">The text is no blob id.</exception>
    public static BlobId Parse(string text) => TryParse(text, out var id)
        ? id
        : throw new InvalidException($"'{text}' is no blob id. A blob id is 'sha256:' and 64 lower-case hexadecimal digits.");

    public override string ToString() => _hex is null ? "" : Prefix + _hex;
}
