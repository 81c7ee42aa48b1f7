using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansDL.Data;
using OrleansDL.Datasets;

namespace OrleansDL.Pipelines;

/// <summary>Pixels in [channels, height, width] order, divided by <see cref="Scale"/>: from image files, or from the columns of a table.</summary>
internal sealed record ImagePipeline : Pipeline
{
    /// <summary>The column of image files, unless <see cref="Column"/> says otherwise.</summary>
    public const string DefaultColumn = "image";

    private string[]? _inputs;
    private TensorShape? _tensor;
    private float[]? _quotients;
    private bool? _single;
    private long[]? _shape;
    private int[]? _identity;

    public required int Height { get; init; }
    public required int Width { get; init; }
    public required int Channels { get; init; }
    public required double Scale { get; init; }

    /// <summary>The pixel columns of a table, row by row; null for image files.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>The column of image files or tensors; null: <c>image</c>.</summary>
    public string? Column { get; init; }

    /// <summary>Type of the tensors the pixels come as in a dataset, for example <c>uint8[28,28]</c>; null when they are no tensors.</summary>
    public string? Tensor { get; init; }

    [JsonIgnore]
    public override IReadOnlyList<string> Inputs => Columns ?? (_inputs ??= [Column ?? DefaultColumn]);

    [JsonIgnore]
    public override IReadOnlyList<long> RowShape => _shape ??= [Channels, Height, Width];

    private int Pixels => Channels * Height * Width;

    public override void Encode(Row row, ReadOnlySpan<int> columns, Span<byte> target)
    {
        var values = MemoryMarshal.Cast<byte, float>(target);
        if (row.Kind(columns[0]) is CellKind.Tensor)
        {
            EncodeTensor(row, columns[0], values);
            return;
        }

        if (Columns is null)
        {
            Decode(row.Bytes(columns[0]), row.Where, values);
            return;
        }

        for (var pixel = 0; pixel < columns.Length; pixel++)
        {
            values[Position(pixel)] = Number(row, columns[pixel], Columns[pixel]);
        }
    }

    public override void EncodeJson(ref Utf8JsonReader reader, Row row, Span<byte> target)
    {
        var values = MemoryMarshal.Cast<byte, float>(target);
        if (reader.TokenType is JsonTokenType.StartArray)
        {
            JsonRow.ReadArray(ref reader, Pixels, row);
            for (var pixel = 0; pixel < Pixels; pixel++)
            {
                values[Position(pixel)] = Number(row, pixel, Columns?[pixel] ?? $"pixel {pixel}");
            }
        }
        else if (reader.TokenType is JsonTokenType.StartObject && IsImage(reader))
        {
            reader.Read();
            reader.Read();
            DecodeBase64(ref reader, row, values);
            while (reader.TokenType is not JsonTokenType.EndObject)
            {
                reader.Skip();
                reader.Read();
            }
        }
        else if (Columns is not null)
        {
            ReadCells(ref reader, row);
            Encode(row, _identity ??= [.. Enumerable.Range(0, Columns.Count)], target);
        }
        else
        {
            throw new InvalidException($"{row.Where()}: an array of {Pixels} pixels or {{\"image\": \"base64 of a PNG or JPEG file\"}} was expected.");
        }
    }

    /// <summary>Pixels come row by row with their channels side by side; the network wants one plane per channel.</summary>
    private int Position(int pixel) => Channels == 1 ? pixel : (pixel % Channels * Height * Width) + (pixel / Channels);

    private void EncodeTensor(Row row, int cell, Span<float> values)
    {
        var shape = Tensor is null
            ? throw Unexpected(row, cell, Inputs[0], "an image file")
            : _tensor ??= TensorShape.Parse(Tensor);
        var bytes = row.Bytes(cell);
        if (bytes.Length != shape.Bytes)
        {
            throw Unexpected(row, cell, Inputs[0], $"a tensor of {shape}");
        }

        if (shape.Element == "uint8" && shape.Sizes is not [_, _, 3])
        {
            var quotients = _quotients ??= TensorPixels.Quotients(Scale);
            _single ??= TensorPixels.AreSingle(quotients, Scale);
            if (_single is true)
            {
                TensorPixels.Divide(bytes, (float)Scale, values);
                return;
            }

            for (var pixel = 0; pixel < values.Length; pixel++)
            {
                values[pixel] = quotients[bytes[pixel]];
            }

            return;
        }

        TensorPixels.Encode(shape, bytes, Scale, values);
    }

    private float Number(Row row, int cell, string name)
    {
        var value = row.TryNumber(cell, out var number) ? (float)(number / Scale) : float.NaN;
        return float.IsFinite(value) ? value : throw Unexpected(row, cell, name, "a pixel value (a number)");
    }

    private static bool IsImage(Utf8JsonReader reader) =>
        reader.Read() && reader.TokenType is JsonTokenType.PropertyName && reader.ValueTextEquals("image"u8);

    private void DecodeBase64(ref Utf8JsonReader reader, Row row, Span<float> values)
    {
        if (reader.TokenType is not JsonTokenType.String || !reader.TryGetBytesFromBase64(out var bytes))
        {
            throw new InvalidException($"{row.Where()}, 'image': base64 text of a PNG or JPEG file was expected.");
        }

        Decode(bytes, row.Where, values);
    }

    private void Decode(ReadOnlySpan<byte> file, Func<string> where, Span<float> values)
    {
        // A model trained on table columns knows its own range of pixel values; a file's 255 is its greatest.
        var divisor = Columns is null ? Scale : 255;
        ImageFile.Decode(file, Height, Width, Channels, (float)divisor, values, where);
    }
}
