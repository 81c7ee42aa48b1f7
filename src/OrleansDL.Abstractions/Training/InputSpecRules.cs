using static OrleansDL.Training.SpecCheck;

namespace OrleansDL.Training;

/// <summary>What an input spec must keep to before any data is seen.</summary>
internal static class InputSpecRules
{
    private static readonly string[] Kinds = ["table", "image", "text", "series"];
    private static readonly string[] Tokenizers = ["words", "split", "bytes", "bpe"];

    public static void Check(InputSpec? input)
    {
        if (input is null)
        {
            return;
        }

        if (input.Kind is not null)
        {
            OneOf("input.kind", input.Kind, Kinds, "Kinds");
        }

        Require(input.Label is not "", "input.label is empty. Leave it out for the last column.");
        Require(input.Columns is null or { Count: > 0 }, "input.columns is empty. Leave it out to take every column but the label.");
        Require(input.Columns is null || input.Columns.Distinct(StringComparer.Ordinal).Count() == input.Columns.Count, "input.columns names a column twice.");
        Range("input.height", input.Height, 1, 4096);
        Range("input.width", input.Width, 1, 4096);
        Require(input.Channels is null or 1 or 3, $"input.channels is {input.Channels}. Give 1 for grey or 3 for colour.");
        Range("input.scale", input.Scale, 1e-12, 1e12);
        Range("input.maxTokens", input.MaxTokens, 1, 4096);
        Range("input.vocabulary", input.Vocabulary, 3, 10_000_000);
        Range("input.steps", input.Steps, 1, 65_536);
        if (input.Tokenizer is not null)
        {
            OneOf("input.tokenizer", input.Tokenizer, Tokenizers, "Tokenizers");
            Require(input.Kind is null or "text", $"input.tokenizer belongs to input.kind 'text', not to '{input.Kind}'. Take it out.");
            Require(input.Tokenizer is not "bytes" || input.Vocabulary is null, "input.vocabulary does not belong to input.tokenizer 'bytes', which has 258 tokens. Take it out.");
        }

        Require(input.Steps is null || input.Kind is "series", "input.steps belongs to input.kind 'series'. Set it, or take steps out.");
    }
}
