using System.Globalization;

namespace OrleansDL.Training;

/// <summary>What a program writes, within limits: a program gone mad fills neither memory nor the database.</summary>
internal sealed class RunnerLog
{
    public const int MaximumLine = 4000;
    public const int MaximumLines = 10_000;
    private const int TailLines = 20;
    private const int MaximumReason = 4000;

    private readonly Lock _lock = new();
    private readonly Queue<string> _tail = new(TailLines);
    private int _lines;

    /// <summary>Takes a line; answers what is to be kept of it, or null when the limit is reached.</summary>
    public string? Take(string line, bool error)
    {
        if (line.Length > MaximumLine)
        {
            line = line[..MaximumLine] + "...";
        }

        lock (_lock)
        {
            if (error && !string.IsNullOrWhiteSpace(line))
            {
                if (_tail.Count == TailLines)
                {
                    _tail.Dequeue();
                }

                _tail.Enqueue(line);
            }

            _lines++;
            return _lines switch
            {
                <= MaximumLines => line,
                MaximumLines + 1 => $"The program wrote more than {MaximumLines} lines: the rest is dropped.",
                _ => null,
            };
        }
    }

    /// <summary>Why a program failed, in its own words where it left any.</summary>
    public string Reason(int exitCode) => Reason() is { Length: > 0 } reason
        ? reason
        : string.Create(CultureInfo.InvariantCulture, $"The program ended with exit code {exitCode} and wrote nothing to stderr.");

    /// <summary>The last lines of stderr: why a program failed. Empty when it wrote none.</summary>
    public string Reason()
    {
        lock (_lock)
        {
            var text = string.Join('\n', _tail);
            return text.Length > MaximumReason ? text[^MaximumReason..] : text;
        }
    }
}
