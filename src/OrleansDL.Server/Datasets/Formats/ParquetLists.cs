using System.Buffers;
using System.Text.Json;
using Parquet;

namespace OrleansDL.Datasets.Formats;

/// <summary>Lists of a Parquet column as texts: JSON, as JSON Lines has them, or the labels with what stands between them.</summary>
internal static class ParquetLists
{
    /// <summary>Reads the lists of a row group.</summary>
    /// <param name="group">The row group.</param>
    /// <param name="column">A column of lists.</param>
    /// <param name="rows">Rows of the group.</param>
    /// <param name="separator">What stands between labels; null: the lists become JSON.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="InvalidException">Labels are wanted and an item is none.</exception>
    public static async Task<ColumnValues> ReadAsync(ParquetRowGroupReader group, ParquetColumn column, int rows, string? separator, CancellationToken cancellationToken)
    {
        if (separator is not null && !column.IsText)
        {
            throw new InvalidException($"Column '{column.Name}' holds lists of {column.Field.ClrType.Name}; labels are texts. Write them as texts, or leave it out of types=.");
        }

        return Type.GetTypeCode(column.Field.ClrType) switch
        {
            TypeCode.Boolean => await ItemsAsync<bool>((json, value) => json.WriteBooleanValue(value)),
            TypeCode.Byte => await ItemsAsync<byte>((json, value) => json.WriteNumberValue(value)),
            TypeCode.SByte => await ItemsAsync<sbyte>((json, value) => json.WriteNumberValue(value)),
            TypeCode.Int16 => await ItemsAsync<short>((json, value) => json.WriteNumberValue(value)),
            TypeCode.UInt16 => await ItemsAsync<ushort>((json, value) => json.WriteNumberValue(value)),
            TypeCode.Int32 => await ItemsAsync<int>((json, value) => json.WriteNumberValue(value)),
            TypeCode.UInt32 => await ItemsAsync<uint>((json, value) => json.WriteNumberValue(value)),
            TypeCode.Int64 => await ItemsAsync<long>((json, value) => json.WriteNumberValue(value)),
            TypeCode.UInt64 => await ItemsAsync<ulong>((json, value) => json.WriteNumberValue(value)),
            TypeCode.Single => await ItemsAsync<float>((json, value) =>
            {
                if (float.IsFinite(value))
                {
                    json.WriteNumberValue(value);
                }
                else
                {
                    json.WriteNullValue();
                }
            }),
            TypeCode.Double => await ItemsAsync<double>(Number),
            _ => await ItemsAsync<ReadOnlyMemory<char>>((json, value) => json.WriteStringValue(value.Span)),
        };

        async Task<ColumnValues> ItemsAsync<T>(Action<Utf8JsonWriter, T> write)
            where T : struct
        {
            var (field, count) = (column.Field, column.Values(group));
            var (items, levels, repeated) = (new T[count], new int[count], new int[count]);
            await group.ReadRawAsync<T>(field, items.AsMemory(), levels.AsMemory(), repeated.AsMemory(), cancellationToken);

            // The definition level says how much of the way to an item is there: the list, then something in it, then the item itself.
            var (texts, item) = (new byte[]?[rows], field.MaxDefinitionLevel);
            var nothing = item - (field.IsNullable ? 2 : 1);
            var buffer = new ArrayBufferWriter<byte>();
            using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
            for (var (row, at, next) = (0, 0, 0); row < rows || at < count; row++)
            {
                if (row >= rows || at >= count || repeated[at] != 0)
                {
                    throw new InvalidDataException($"Column '{column.Name}' does not hold a list for each of {rows} rows.");
                }

                if (levels[at] < nothing)
                {
                    at++;
                    continue;
                }

                json.WriteStartArray();
                if (levels[at] == nothing)
                {
                    at++;
                }
                else
                {
                    do
                    {
                        if (levels[at++] == item)
                        {
                            write(json, items[next++]);
                        }
                        else
                        {
                            json.WriteNullValue();
                        }
                    }
                    while (at < count && repeated[at] > 0);
                }

                json.WriteEndArray();
                json.Flush();
                texts[row] = separator is null ? buffer.WrittenSpan.ToArray() : Labels(buffer.WrittenSpan, column.Name, separator);
                buffer.ResetWrittenCount();
                json.Reset();
            }

            return new CellValues<byte[]?>(texts, (target, text) => target.AppendText(text));
        }
    }

    private static byte[] Labels(ReadOnlySpan<byte> list, string column, string separator)
    {
        var reader = new Utf8JsonReader(list);
        reader.Read();
        return JsonLabels.Join(ref reader, column, separator);
    }

    // JSON knows no infinity.
    private static void Number(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumberValue(value);
        }
        else
        {
            json.WriteNullValue();
        }
    }
}
