namespace OrleansDL.Training.Sandbox;

/// <summary>Takes secrets out of what a program writes, wherever one stands whole in a line.</summary>
internal sealed class Redaction
{
    /// <summary>Shorter than that a text stands by chance in many a line.</summary>
    private const int Shortest = 4;
    private const string Instead = "***";
    private readonly string[] _values;

    /// <param name="secrets">Their values. Of one with several lines each line is a secret.</param>
    public Redaction(IEnumerable<string> secrets) => _values =
    [
        .. secrets.SelectMany(secret => secret.Split('\n')).Select(line => line.Trim('\r')).Where(line => line.Length >= Shortest)
            .Distinct(StringComparer.Ordinal).OrderByDescending(line => line.Length),
    ];

    public string Of(string line)
    {
        foreach (var value in _values)
        {
            line = line.Replace(value, Instead, StringComparison.Ordinal);
        }

        return line;
    }
}
