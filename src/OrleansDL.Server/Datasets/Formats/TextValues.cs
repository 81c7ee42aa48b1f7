using System.Text;

namespace OrleansDL.Datasets.Formats;

/// <summary>Texts of a column.</summary>
internal sealed class TextValues(string?[] texts) : ColumnValues
{
    private byte[] _scratch = new byte[256];

    public override void AppendTo(ColumnBuilder target, int row)
    {
        if (texts[row] is not { } text)
        {
            target.AppendNull();
            return;
        }

        if (_scratch.Length < text.Length * 3)
        {
            _scratch = new byte[text.Length * 3];
        }

        target.AppendText(_scratch.AsSpan(0, Encoding.UTF8.GetBytes(text, _scratch)));
    }
}
