using System.Text;

namespace OrleansDL.UserCode;

/// <summary>The rule that paths within code follow.</summary>
public static class CodePath
{
    /// <summary>Greatest length in bytes of UTF-8.</summary>
    public const int MaximumBytes = 512;

    /// <summary>Forward slashes; no empty, '.' or '..' part, no backslash, no control character.</summary>
    public static bool IsValid(string path) =>
        path.Length > 0 && Encoding.UTF8.GetByteCount(path) <= MaximumBytes && !path.Contains('\\', StringComparison.Ordinal) && !path.Any(char.IsControl)
        && path.Split('/').All(part => part is not ("" or "." or ".."));

    /// <exception cref="InvalidException">The path breaks the rule.</exception>
    public static string Check(string path) => IsValid(path)
        ? path
        : throw new InvalidException(
            $"'{(path.Length > 64 ? path[..64] + "..." : path)}' is no path within code. A path has forward slashes, no empty, '.' or '..' part, no backslash or control character, and {MaximumBytes} bytes at most.");
}
