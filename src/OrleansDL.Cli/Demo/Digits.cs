using System.Globalization;
using System.IO.Compression;

namespace OrleansDL.Demo;

/// <summary>The handwritten digits this program carries with it; ATTRIBUTION.md says whose they are.</summary>
internal static class Digits
{
    private const string Resource = "digits.csv.gz";

    public static async Task<IReadOnlyList<Digit>> LoadAsync(CancellationToken cancellationToken)
    {
        await using var packed = typeof(Digits).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The resource {Resource} is missing from this build.");
        await using var unpacked = new GZipStream(packed, CompressionMode.Decompress);
        using var reader = new StreamReader(unpacked);
        var digits = new List<Digit>();
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            var cells = line.Split(',');
            digits.Add(new Digit(line, [.. cells[..^1].Select(cell => double.Parse(cell, CultureInfo.InvariantCulture))], cells[^1]));
        }

        return digits;
    }
}
