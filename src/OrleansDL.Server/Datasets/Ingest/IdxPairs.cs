using System.Text.RegularExpressions;
using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets.Ingest;

/// <summary>IDX keeps images and labels in two files, paired by name: <c>X-images-idx3-ubyte</c> and <c>X-labels-idx1-ubyte</c>. Together they are rows of both columns.</summary>
internal static partial class IdxPairs
{
    /// <summary>Joins pairs that came in together: the images' entry has the rows and names its labels, whose entry has none.</summary>
    /// <exception cref="InvalidException">A pair has other numbers of images and of labels.</exception>
    public static IReadOnlyList<IngestResult> Join(IReadOnlyList<IngestResult> added)
    {
        var labels = added.Select((result, index) => (result, index))
            .Where(found => Part(found.result, IdxHeader.Label) is not null)
            .ToDictionary(found => Part(found.result, IdxHeader.Label)!, found => found.index, StringComparer.Ordinal);
        if (labels.Count == 0)
        {
            return added;
        }

        var joined = added.ToList();
        for (var i = 0; i < added.Count; i++)
        {
            if (Part(added[i], IdxHeader.Image) is { } name && labels.TryGetValue(name, out var other))
            {
                (joined[i], joined[other]) = Pair(added[i], added[other]);
            }
        }

        return joined;
    }

    private static (IngestResult Images, IngestResult Labels) Pair(IngestResult images, IngestResult labels)
    {
        var (image, label) = (images.Entries[0], labels.Entries[0]);
        return image.Rows == label.Rows
            ? (images with
            {
                Entries = [image with { Labels = label.Path }],
                Columns = [.. images.Columns, .. labels.Columns],
                Statistics = images.Statistics.Concat(labels.Statistics).ToArray(),
            },
            labels with { Entries = [label with { Rows = 0 }], Columns = [], Statistics = [], RowHashes = new RowSketch() })
            : throw new InvalidException($"'{image.Path}' has {image.Rows} images, and '{label.Path}' {label.Rows} labels. Upload files that belong together.");
    }

    // What stands before -images or -labels, when the file is an IDX file of that one column.
    private static string? Part(IngestResult result, string column) =>
        result is { Entries: [{ Format: IngestFormats.Idx, Labels: null } entry], Columns: [var only] } && only.Name == column
        && Name().Match(entry.Path) is { Success: true } match && match.Groups["what"].Value.StartsWith(column, StringComparison.Ordinal)
            ? match.Groups["name"].Value
            : null;

    [GeneratedRegex(@"^(?<name>.*)[-.](?<what>images|labels)[-.]idx\d+(-ubyte)?$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Name();
}
