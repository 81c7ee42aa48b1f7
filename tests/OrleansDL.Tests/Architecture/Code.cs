using System.Text.RegularExpressions;

namespace OrleansDL.Tests.Architecture;

/// <summary>Just enough reading of C# to tell code from comments and text.</summary>
internal static partial class Code
{
    public static string WithoutCommentsAndStrings(string source) => CommentsAndStrings().Replace(source, " ");

    /// <summary>Every identifier that stands in the code.</summary>
    public static HashSet<string> Identifiers(string source) =>
        Identifier().Matches(WithoutCommentsAndStrings(source)).Select(match => match.Value).ToHashSet(StringComparer.Ordinal);

    /// <summary>Names of the types declared at the top level of a file with a file-scoped namespace.</summary>
    public static IReadOnlyList<string> TopLevelTypes(string source) =>
        [.. TypeDeclaration().Matches(WithoutCommentsAndStrings(source)).Select(match => match.Groups["name"].Value)];

    [GeneratedRegex("\"\"\"[\\s\\S]*?\"\"\"|[$@]*\"(\\\\.|\"\"|[^\"\\\\\\n])*\"|'(\\\\.|[^'\\\\\\n])+'|//[^\\n]*|/\\*[\\s\\S]*?\\*/")]
    private static partial Regex CommentsAndStrings();

    [GeneratedRegex(@"(?<![\w])@?[A-Za-z_]\w*")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"^(?:\[[^\n]*\]\s*)?(?:(?:public|internal|file|static|abstract|sealed|partial|readonly|ref|unsafe)\s+)*(?:class|struct|interface|enum|record(?:\s+(?:class|struct))?|delegate\s+[\w<>\[\]?.,]+)\s+(?<name>\w+)", RegexOptions.Multiline)]
    private static partial Regex TypeDeclaration();
}
