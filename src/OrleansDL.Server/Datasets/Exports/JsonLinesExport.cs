using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OrleansDL.Datasets.Exports;

/// <summary>JSON Lines: one object a row, with null where a value is missing.</summary>
internal sealed class JsonLinesExport : IExportWriter
{
    public string ContentType => "application/jsonl";

    public string Extension => "jsonl";

    public void Check(RowQuery rows) => TextColumns.Check(rows.Columns, Extension);

    public async Task WriteAsync(RowQuery rows, Stream output, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(1 << 16);
        var names = rows.Columns.Select(column => JsonEncodedText.Encode(column.Name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)).ToArray();
        await using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        await foreach (var batch in rows.ReadAsync(cancellationToken))
        {
            for (var row = 0; row < batch.Length; row++)
            {
                json.WriteStartObject();
                for (var column = 0; column < names.Length; column++)
                {
                    json.WritePropertyName(names[column]);
                    Cells.Write(json, batch.Column(column), row);
                }

                json.WriteEndObject();
                json.Flush();
                json.Reset();
                buffer.Write("\n"u8);
            }

            await output.WriteAsync(buffer.WrittenMemory, cancellationToken);
            buffer.ResetWrittenCount();
        }
    }
}
