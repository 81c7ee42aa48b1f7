using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansDL.Data;
using OrleansDL.Heads;
using OrleansDL.Serving;

namespace OrleansDL.Pipelines;

/// <summary>How raw rows become the network's input, and its probabilities labels: fitted once on training rows, the same object in training and serving.</summary>
/// <remarks>The artifact's <c>pipeline.json</c>. A field may be added; none changes its meaning without a new <see cref="Version"/>.</remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(TablePipeline), "table")]
[JsonDerivedType(typeof(ImagePipeline), "image")]
[JsonDerivedType(typeof(TextPipeline), "text")]
[JsonDerivedType(typeof(SeriesPipeline), "series")]
internal abstract record Pipeline
{
    public const int CurrentVersion = 1;

    private int _rowBytes;

    public int Version { get; init; } = CurrentVersion;

    /// <summary>Column the labels were read from; null for a head without any.</summary>
    public string? LabelColumn { get; init; }

    /// <summary>Labels in the order of the network's outputs, sorted by code point; none for a head without labels.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>What the network answers; null: one label per row.</summary>
    public FittedTarget? Target { get; init; }

    /// <summary>Name of its head.</summary>
    [JsonIgnore]
    public string Head => Target?.Head ?? HeadNames.Label;

    /// <summary>Names of the raw columns a row has, in order.</summary>
    [JsonIgnore]
    public abstract IReadOnlyList<string> Inputs { get; }

    /// <summary>Shape of one encoded row.</summary>
    [JsonIgnore]
    public abstract IReadOnlyList<long> RowShape { get; }

    [JsonIgnore]
    public virtual TensorElementType ElementType => TensorElementType.Fp32;

    /// <summary>Bytes of one encoded row.</summary>
    [JsonIgnore]
    public int RowBytes => _rowBytes > 0 ? _rowBytes : _rowBytes = checked((int)RowShape.Aggregate(ElementType is TensorElementType.Int64 ? 8L : 4L, (product, size) => product * size));

    /// <summary>Encodes one row into tensor bytes. <paramref name="columns"/> holds, for each of <see cref="Inputs"/>, its cell in the row.</summary>
    public abstract void Encode(Row row, ReadOnlySpan<int> columns, Span<byte> target);

    /// <summary>Reads the JSON value the reader stands on as a raw row and encodes it.</summary>
    public abstract void EncodeJson(ref Utf8JsonReader reader, Row row, Span<byte> target);

    /// <summary>Tokens or time steps of a raw row, before any are cut off.</summary>
    /// <exception cref="InvalidException">Its rows have no steps.</exception>
    public virtual int StepsOf(Row row, ReadOnlySpan<int> columns) =>
        throw new InvalidException("head.kind 'sequence' needs rows of steps. Set input.kind to 'text' with input.tokenizer 'split', or to 'series'.");

    public static Pipeline Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            var pipeline = JsonSerializer.Deserialize<Pipeline>(json, OdlJson.Options)
                ?? throw new InvalidException("pipeline.json holds null.");
            return pipeline.Version == CurrentVersion
                ? pipeline
                : throw new InvalidException($"pipeline.json has version {pipeline.Version}; this node reads version {CurrentVersion}. Upgrade the node.");
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            throw new InvalidException($"pipeline.json cannot be read: {error.Message}");
        }
    }

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, OdlJson.Options);

    /// <summary>The best <paramref name="top"/> labels of one row of probabilities, best first.</summary>
    public LabelScore[] Decode(ReadOnlySpan<float> probabilities, int top)
    {
        if (top == 1)
        {
            var best = System.Numerics.Tensors.TensorPrimitives.IndexOfMax(probabilities);
            return [new LabelScore(Labels[best], probabilities[best])];
        }

        var scores = new LabelScore[probabilities.Length];
        for (var label = 0; label < scores.Length; label++)
        {
            scores[label] = new LabelScore(Labels[label], probabilities[label]);
        }

        // Array.Sort is not stable: labels of equal score keep their order by the second key.
        Array.Sort(scores, (left, right) => right.Score.CompareTo(left.Score) is var order and not 0 ? order : string.CompareOrdinal(left.Label, right.Label));
        return scores.Length <= top ? scores : scores[..top];
    }

    protected static InvalidException Unexpected(Row row, int cell, string column, string expected)
    {
        var text = row.Kind(cell) switch
        {
            CellKind.Missing => "nothing",
            CellKind.Image => "an image",
            CellKind.Tensor => $"a tensor of {row.Bytes(cell).Length} bytes",
            _ => $"'{Shorten(row.Text(cell)!)}'",
        };
        return new InvalidException($"{row.Where()}, column '{column}': {expected} was expected, not {text}.");
    }

    /// <summary>Reads an object or array into the row's cells by <see cref="Inputs"/>, insisting that every column is there.</summary>
    protected void ReadCells(ref Utf8JsonReader reader, Row row)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var named = reader;
                JsonRow.ReadObject(ref reader, Inputs, row);
                RequireAll(named, row);
                break;
            case JsonTokenType.StartArray:
                JsonRow.ReadArray(ref reader, Inputs.Count, row);
                break;
            default:
                throw new InvalidException($"{row.Where()}: {Inputs.Count} values were expected, as an array in column order or an object by column name.");
        }
    }

    /// <summary>A cell that is missing may be null, but it must be named: a misspelt column is never taken for an unknown value.</summary>
    private void RequireAll(Utf8JsonReader reader, Row row)
    {
        for (var column = 0; column < Inputs.Count; column++)
        {
            if (row.IsMissing(column) && !Names(reader, Inputs[column]))
            {
                throw new InvalidException($"{row.Where()} lacks column '{Inputs[column]}'. Columns: {Shorten(string.Join(", ", Inputs), 300)}. Give null for a value that is not known.");
            }
        }
    }

    private static bool Names(Utf8JsonReader reader, string column)
    {
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals(column))
            {
                return true;
            }

            reader.Read();
            reader.Skip();
        }

        return false;
    }

    protected static string Shorten(string text, int length = 60) => text.Length <= length ? text : text[..length] + "...";
}
