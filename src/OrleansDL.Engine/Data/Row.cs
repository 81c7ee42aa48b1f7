using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OrleansDL.Numbers;

namespace OrleansDL.Data;

/// <summary>One raw row, its cells' bytes in one buffer that is used again for the next row.</summary>
internal sealed class Row
{
    private byte[] _bytes = new byte[1024];
    private int _used;
    private (int Start, int Length, CellKind Kind)[] _cells = new (int, int, CellKind)[64];

    public int Columns { get; private set; }

    /// <summary>Its place among the rows of a request, counted from 0.</summary>
    public int Number { get; set; }

    /// <summary>Says where the row stands, for messages: <c>row 7 of digits@v3</c>, <c>rows[3]</c>.</summary>
    public Func<string> Where { get; set; } = () => "row";

    public void Clear(int columns)
    {
        if (_cells.Length < columns)
        {
            _cells = new (int, int, CellKind)[columns];
        }

        Array.Clear(_cells, 0, columns);
        (Columns, _used) = (columns, 0);
    }

    public void Set(int column, CellKind kind, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        Commit(column, kind, bytes.Length);
    }

    /// <summary>Room for a cell to be written in place; <see cref="Commit"/> says what was written.</summary>
    public Span<byte> Reserve(int length)
    {
        if (_used + length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _used + length));
        }

        return _bytes.AsSpan(_used);
    }

    public void Commit(int column, CellKind kind, int length)
    {
        _cells[column] = (_used, length, kind);
        _used += length;
    }

    public CellKind Kind(int column) => _cells[column].Kind;

    public ReadOnlySpan<byte> Bytes(int column) => _bytes.AsSpan(_cells[column].Start, _cells[column].Length);

    public bool IsMissing(int column) => _cells[column].Kind is CellKind.Missing;

    /// <summary>The cell as text; null when it is missing.</summary>
    public string? Text(int column) => Kind(column) switch
    {
        CellKind.Missing => null,
        CellKind.True => "true",
        CellKind.False => "false",
        CellKind.Bool => Bytes(column)[0] == 0 ? "false" : "true",
        CellKind.Int64 => Int64(column).ToString(CultureInfo.InvariantCulture),
        CellKind.Float64 => Float64(column).ToString(CultureInfo.InvariantCulture),
        _ => Encoding.UTF8.GetString(Bytes(column)),
    };

    /// <summary>The cell as a finite number.</summary>
    public bool TryNumber(int column, out double number)
    {
        number = 0;
        var bytes = Bytes(column);
        switch (Kind(column))
        {
            case CellKind.Int64:
                number = Int64(column);
                return true;
            case CellKind.Float64:
                number = Float64(column);
                return double.IsFinite(number);
        }

        if (Kind(column) is not (CellKind.Text or CellKind.Number))
        {
            return false;
        }

        // As JSON writes numbers, which nearly all are; texts of tables may have them in other ways.
        var end = 0;
        if (DoubleText.TryRead(bytes, ref end, out number) && end == bytes.Length)
        {
            return true;
        }

        return double.TryParse(bytes, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);
    }

    public bool TryBool(int column, out bool value)
    {
        if (Kind(column) is CellKind.Bool)
        {
            value = Bytes(column)[0] != 0;
            return true;
        }

        if (Kind(column) is CellKind.Int64)
        {
            value = Int64(column) == 1;
            return value || Int64(column) == 0;
        }

        var text = Kind(column) is CellKind.Text or CellKind.Number ? Bytes(column) : default;
        value = Kind(column) is CellKind.True || Ascii.EqualsIgnoreCase(text, "true"u8) || text.SequenceEqual("1"u8);
        return value || Kind(column) is CellKind.False || Ascii.EqualsIgnoreCase(text, "false"u8) || text.SequenceEqual("0"u8);
    }

    /// <summary>A number that is a function of the seed and the row's content, so that equal rows always meet the same fate.</summary>
    public ulong Hash(long seed)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendSeed(hash, seed);
        for (var column = 0; column < Columns; column++)
        {
            AppendCell(hash, column);
        }

        return Finish(hash);
    }

    /// <summary>The same of one cell.</summary>
    public ulong Hash(long seed, int column)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendSeed(hash, seed);
        AppendCell(hash, column);
        return Finish(hash);
    }

    private long Int64(int column) => BinaryPrimitives.ReadInt64LittleEndian(Bytes(column));

    private double Float64(int column) => BinaryPrimitives.ReadDoubleLittleEndian(Bytes(column));

    private static void AppendSeed(IncrementalHash hash, long seed)
    {
        Span<byte> bytes = stackalloc byte[8];
        BitConverter.TryWriteBytes(bytes, seed);
        hash.AppendData(bytes);
    }

    /// <summary>A number is hashed as its shortest text: the fate of a row of a CSV file is what it was when the file itself was read.</summary>
    private void AppendCell(IncrementalHash hash, int column)
    {
        Span<byte> text = stackalloc byte[32];
        switch (Kind(column))
        {
            case CellKind.Int64:
                Int64(column).TryFormat(text, out var digits, default, CultureInfo.InvariantCulture);
                Append(hash, CellKind.Text, text[..digits]);
                break;
            case CellKind.Float64:
                Float64(column).TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
                Append(hash, CellKind.Text, text[..length]);
                break;
            case CellKind.Bool:
                Append(hash, CellKind.Text, Bytes(column)[0] == 0 ? "false"u8 : "true"u8);
                break;
            default:
                Append(hash, Kind(column), Bytes(column));
                break;
        }
    }

    private static void Append(IncrementalHash hash, CellKind kind, ReadOnlySpan<byte> bytes)
    {
        Span<byte> head = stackalloc byte[8];
        BitConverter.TryWriteBytes(head, (long)kind << 32 | (uint)bytes.Length);
        hash.AppendData(head);
        hash.AppendData(bytes);
    }

    private static ulong Finish(IncrementalHash hash)
    {
        Span<byte> digest = stackalloc byte[32];
        hash.GetHashAndReset(digest);
        return BitConverter.ToUInt64(digest);
    }
}
