using System.Globalization;

namespace OrleansDL.Serving.Tracing;

/// <summary>A JSON array on disk that grows. It is whole after each trace, whatever becomes of the process.</summary>
/// <param name="path">The file, or what its name begins with where several are written.</param>
internal sealed class TraceFile(string path) : IDisposable
{
    private readonly Lock _gate = new();
    private FileStream? _stream;
    private bool _isNumbered;
    private bool _isBegun;
    private int _traces;
    private int _files;

    /// <param name="objects">JSON objects, with commas between them.</param>
    /// <param name="frequency">Traces of one file; 0: all go into one.</param>
    public void Append(ReadOnlySpan<byte> objects, int frequency)
    {
        lock (_gate)
        {
            _stream ??= Open(frequency > 0);
            _stream.Position = Math.Max(0, _stream.Length - 1);
            _stream.Write(_stream.Length == 0 ? "["u8 : ","u8);
            _stream.Write(objects);
            _stream.Write("]"u8);
            _stream.Flush();
            if (_isNumbered && ++_traces >= frequency)
            {
                Close();
            }
        }
    }

    /// <summary>The next trace opens the next file, or the only one again.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _files += _stream is not null && _isNumbered ? 1 : 0;
            _stream?.Dispose();
            (_stream, _traces) = (null, 0);
        }
    }

    public void Dispose() => Close();

    private FileStream Open(bool isNumbered)
    {
        _isNumbered = isNumbered;
        var mode = isNumbered || !_isBegun ? FileMode.Create : FileMode.OpenOrCreate;
        _isBegun |= !isNumbered;
        return new FileStream(
            isNumbered ? string.Create(CultureInfo.InvariantCulture, $"{path}.{_files}") : path, mode, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
    }
}
