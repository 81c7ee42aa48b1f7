using System.Security.Cryptography;
using System.Text;

namespace OrleansDL.Demo;

/// <summary>One row of the digits: 64 pixels from 0 to 16, and which digit it is.</summary>
internal sealed record Digit(string Line, IReadOnlyList<double> Pixels, string Label)
{
    /// <summary>SHA-256 of the row's text: equal rows have equal hashes.</summary>
    public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Line)));
}
