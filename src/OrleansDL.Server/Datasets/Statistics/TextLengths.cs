using OrleansDL.Telemetry;

namespace OrleansDL.Datasets.Statistics;

/// <summary>Counts how long a column's texts are, in characters and in words. Short ones cost one increment each.</summary>
internal sealed class TextLengths
{
    private const int Short = 512;

    private readonly long[] _characters = new long[Short];
    private readonly long[] _words = new long[Short];
    private readonly DDSketch _longCharacters = new();
    private readonly DDSketch _longWords = new();

    public void Add(ReadOnlySpan<byte> text, long count = 1)
    {
        var (characters, words) = TextScan.Measure(text);
        Add(_characters, _longCharacters, characters, count);
        Add(_words, _longWords, words, count);
    }

    /// <summary>A text without white space, of ASCII.</summary>
    public void AddWord(int length, long count)
    {
        Add(_characters, _longCharacters, length, count);
        Add(_words, _longWords, 1, count);
    }

    public (DDSketch Characters, DDSketch Words) Finish()
    {
        Drain(_characters, _longCharacters);
        Drain(_words, _longWords);
        return (_longCharacters, _longWords);
    }

    private static void Add(long[] shorter, DDSketch longer, int length, long count)
    {
        if (length < Short)
        {
            shorter[length] += count;
        }
        else
        {
            longer.Add(length, count);
        }
    }

    private static void Drain(long[] shorter, DDSketch longer)
    {
        for (var length = 0; length < Short; length++)
        {
            if (shorter[length] > 0)
            {
                longer.Add(length, shorter[length]);
                shorter[length] = 0;
            }
        }
    }
}
