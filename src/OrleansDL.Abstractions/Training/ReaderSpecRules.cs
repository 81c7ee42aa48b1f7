using static OrleansDL.Training.SpecCheck;

namespace OrleansDL.Training;

/// <summary>What a reader spec must keep to before any data is seen.</summary>
internal static class ReaderSpecRules
{
    private static readonly string[] Splits = ["row", "key", "column"];

    public static void Check(ReaderSpec? reader)
    {
        if (reader is null)
        {
            return;
        }

        Range("reader.memoryBytes", reader.MemoryBytes, 0, 1L << 50);
        Range("reader.threads", reader.Threads, 1, 64);
        Range("reader.canonicalNodes", reader.CanonicalNodes, 1, 64);
        if (reader.Split is not { } split)
        {
            return;
        }

        OneOf("reader.split.by", split.By, Splits, "Splits");
        Require(split.By == "row" || !string.IsNullOrEmpty(split.Column), $"reader.split.column is missing. reader.split.by '{split.By}' needs the column it goes by.");
        Require(split.By != "row" || split.Column is null, "reader.split.column does not belong to reader.split.by 'row'. Take it out, or set reader.split.by to 'key' or 'column'.");
        Require(
            split.By == "column" || (split.Training ?? split.Validation) is null,
            "reader.split.training and reader.split.validation belong to reader.split.by 'column'. Take them out, or set it.");
        Require(split.Training is null or { Count: > 0 }, "reader.split.training is empty. Name the values of rows to train on, or leave it out for 'train'.");
        Require(
            !(split.Training ?? ["train"]).Intersect(split.Validation ?? ["validation"], StringComparer.Ordinal).Any(),
            "reader.split.training and reader.split.validation name the same value: a row would be on both sides. Name each value once.");
    }
}
