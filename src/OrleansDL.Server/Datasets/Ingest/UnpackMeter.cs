namespace OrleansDL.Datasets.Ingest;

/// <summary>Stops archives that unpack to far more than they are: bombs.</summary>
internal sealed class UnpackMeter(IngestLimits limits, Func<long> packedBytes)
{
    // Small archives of small files may well be mostly padding.
    private const long Harmless = 64L << 20;

    private readonly HashSet<string> _paths = new(StringComparer.Ordinal);
    private long _bytes;

    public void OnFile(string path)
    {
        if (!_paths.Add(path))
        {
            throw new InvalidException($"The archive holds '{path}' twice. Every path may stand in it once.");
        }

        if (_paths.Count > limits.MaximumArchiveFiles)
        {
            throw new InvalidException($"The archive holds more than {limits.MaximumArchiveFiles} files. Split it, or raise Datasets:MaximumArchiveFiles.");
        }
    }

    public void OnBytes(ReadOnlySpan<byte> read)
    {
        _bytes += read.Length;
        if (_bytes > limits.MaximumUnpackedBytes)
        {
            throw new TooLargeException($"The archive unpacks to more than {limits.MaximumUnpackedBytes} bytes. Split it, or raise Datasets:MaximumUnpackedBytes.");
        }

        if (_bytes > Harmless && _bytes / limits.MaximumUnpackedRatio > packedBytes())
        {
            throw new InvalidException(
                $"The archive unpacks to more than {limits.MaximumUnpackedRatio} times its size, as archive bombs do. Pack it without compression, or raise Datasets:MaximumUnpackedRatio.");
        }
    }
}
