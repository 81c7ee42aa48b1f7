using System.Globalization;
using System.Text;

namespace OrleansDL.UserCode;

/// <summary>The list of a code version's files as it is stored; the digest of these bytes is the version's digest.</summary>
/// <remarks>A line <c>odl-code 1</c>, then a line per file in order of the paths' code points: <c>x</c> (executable) or <c>-</c>, SHA-256, bytes, path.</remarks>
public static class CodeManifest
{
    /// <summary>Most files of a version.</summary>
    public const int MaximumFiles = 10_000;

    private const string Header = "odl-code 1";

    public static byte[] Write(IEnumerable<CodeFile> files)
    {
        var text = new StringBuilder(Header).Append('\n');
        foreach (var file in files.OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            text.Append(file.Executable ? 'x' : '-').Append(' ').Append(file.Blob.Hex).Append(' ')
                .Append(file.Bytes.ToString(CultureInfo.InvariantCulture)).Append(' ').Append(file.Path).Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <exception cref="InvalidException">The bytes are no such list.</exception>
    public static IReadOnlyList<CodeFile> Read(ReadOnlySpan<byte> bytes)
    {
        var lines = Encoding.UTF8.GetString(bytes).Split('\n');
        if (lines is not [Header, .., ""])
        {
            throw new InvalidException("These bytes are no list of code files of a form that this version knows.");
        }

        return [.. lines[1..^1].Select(line => line.Split(' ', 4)).Select(parts => new CodeFile
        {
            Executable = parts[0] == "x",
            Blob = BlobId.Parse("sha256:" + parts[1]),
            Bytes = long.Parse(parts[2], CultureInfo.InvariantCulture),
            Path = CodePath.Check(parts[3]),
        })];
    }
}
