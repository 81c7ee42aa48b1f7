using System.Text.Json;
using Apache.Arrow;

namespace OrleansDL.Datasets.Exports;

/// <summary>Writes values of record batches as JSON that is read back with the same types.</summary>
internal static class Cells
{
    public static void Write(Utf8JsonWriter json, IArrowArray array, int row)
    {
        if (array.IsNull(row))
        {
            json.WriteNullValue();
            return;
        }

        switch (array)
        {
            case Int64Array integers:
                json.WriteNumberValue(integers.Values[row]);
                break;
            case DoubleArray numbers:
                Write(json, numbers.Values[row]);
                break;
            case BooleanArray truths:
                json.WriteBooleanValue(truths.GetValue(row)!.Value);
                break;
            default:
                json.WriteStringValue(((StringArray)array).GetBytes(row));
                break;
        }
    }

    /// <summary>A float; what is no finite number is null, as JSON has none.</summary>
    public static void Write(Utf8JsonWriter json, double number)
    {
        if (double.IsFinite(number))
        {
            json.WriteRawValue(NumberText.Of(number));
        }
        else
        {
            json.WriteNullValue();
        }
    }
}
