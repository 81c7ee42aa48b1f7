using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansDL.Data;
using OrleansDL.Serving;

namespace OrleansDL.Pipelines;

/// <summary>Lower-cased words as ids of a learnt vocabulary: 0 is padding, 1 a word that training did not keep, 2 the most frequent word.</summary>
internal sealed record TextPipeline : Pipeline
{
    public const int FirstWord = 2;

    private string[]? _inputs;
    private long[]? _shape;
    private Dictionary<string, int>? _ids;

    /// <summary>The column holding the text.</summary>
    public required string Column { get; init; }
    public required int MaxTokens { get; init; }

    /// <summary>Words from id 2 on, most frequent first.</summary>
    public required IReadOnlyList<string> Vocabulary { get; init; }

    [JsonIgnore]
    public override IReadOnlyList<string> Inputs => _inputs ??= [Column];

    [JsonIgnore]
    public override IReadOnlyList<long> RowShape => _shape ??= [MaxTokens];

    [JsonIgnore]
    public override TensorElementType ElementType => TensorElementType.Int64;

    public override void Encode(Row row, ReadOnlySpan<int> columns, Span<byte> target)
    {
        if (row.Kind(columns[0]) is not (CellKind.Text or CellKind.Number or CellKind.Int64 or CellKind.Float64))
        {
            throw Unexpected(row, columns[0], Column, "a text");
        }

        var tokens = MemoryMarshal.Cast<byte, long>(target);
        tokens.Clear();
        var ids = (_ids ??= Ids()).GetAlternateLookup<ReadOnlySpan<char>>();
        var count = 0;
        foreach (var word in new Words(row.Text(columns[0])!))
        {
            if (count == tokens.Length)
            {
                break;
            }

            tokens[count++] = ids.TryGetValue(word, out var id) ? id : 1;
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

    private Dictionary<string, int> Ids() =>
        Vocabulary.Index().ToDictionary(word => word.Item, word => word.Index + FirstWord, StringComparer.Ordinal);
}
