using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansDL.Data;
using OrleansDL.Pipelines.Tokens;
using OrleansDL.Serving;

namespace OrleansDL.Pipelines;

/// <summary>Text as ids of tokens: 0 is padding, 1 a word that training did not keep (bytes and byte pairs: the end of the text), 2 the first token.</summary>
internal sealed record TextPipeline : Pipeline
{
    public const int FirstWord = Pipelines.Tokens.Tokenizer.First;

    private string[]? _inputs;
    private long[]? _shape;
    private Tokenizer? _tokens;

    /// <summary>The column holding the text.</summary>
    public required string Column { get; init; }
    public required int MaxTokens { get; init; }

    /// <summary>Words from id 2 on, most frequent first; none for bytes and byte pairs.</summary>
    public required IReadOnlyList<string> Vocabulary { get; init; }

    /// <summary><c>split</c>, <c>bytes</c> or <c>bpe</c>; null: lower-cased words.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>bpe: pairs of ids that became one, id 258 on.</summary>
    public IReadOnlyList<IReadOnlyList<int>>? Merges { get; init; }

    /// <summary>Whether a text that leaves room ends with token 1.</summary>
    public bool? Ends { get; init; }

    [JsonIgnore]
    public override IReadOnlyList<string> Inputs => _inputs ??= [Column];

    [JsonIgnore]
    public override IReadOnlyList<long> RowShape => _shape ??= [MaxTokens];

    [JsonIgnore]
    public override TensorElementType ElementType => TensorElementType.Int64;

    /// <summary>Ids there are, padding and unknown included.</summary>
    [JsonIgnore]
    public int TokenCount => Tokenized.Count;

    /// <summary>What makes tokens of its text.</summary>
    [JsonIgnore]
    public Tokenizer Tokenized => _tokens ??= Tokenizer switch
    {
        Pipelines.Tokens.Tokenizer.Bytes => new ByteTokenizer(),
        Pipelines.Tokens.Tokenizer.Pairs => new PairTokenizer(Merges ?? []),
        Pipelines.Tokens.Tokenizer.Split => new WordTokenizer(Vocabulary, split: true),
        null => new WordTokenizer(Vocabulary, split: false),
        _ => throw new InvalidException($"pipeline.json has tokenizer '{Tokenizer}', which this node does not know. Upgrade the node."),
    };

    public override void Encode(Row row, ReadOnlySpan<int> columns, Span<byte> target)
    {
        if (row.Kind(columns[0]) is not (CellKind.Text or CellKind.Number or CellKind.Int64 or CellKind.Float64))
        {
            throw Unexpected(row, columns[0], Column, "a text");
        }

        var tokens = MemoryMarshal.Cast<byte, long>(target);
        tokens.Clear();
        var count = Tokenized.Encode(row.Text(columns[0])!, tokens);
        if (Ends is true && count < tokens.Length)
        {
            tokens[count] = Pipelines.Tokens.Tokenizer.End;
        }
    }

    public override void EncodeJson(ref Utf8JsonReader reader, Row row, Span<byte> target)
    {
        if (reader.TokenType is JsonTokenType.String)
        {
            row.Clear(1);
            JsonRow.ReadCell(ref reader, row, 0, Column);
        }
        else
        {
            ReadCells(ref reader, row);
        }

        Encode(row, [0], target);
    }

    public override int StepsOf(Row row, ReadOnlySpan<int> columns) => SpacedWords.CountOf(row.Text(columns[0]) ?? "");
}
