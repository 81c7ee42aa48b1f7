using System.Numerics;
using System.Runtime.InteropServices;
using OrleansDL.Datasets.Formats;

namespace OrleansDL.Datasets.Statistics;

/// <summary>The elements of a column of tensors: by channel where a tensor has channels, else all as one. What is not finite is left out.</summary>
internal sealed class TensorSummary
{
    private const int MostChannels = 4;
    private readonly TensorType _type;
    private readonly NumberSummary[] _channels;

    // Neighbouring elements of one channel, and how many runs there are in a tensor.
    private readonly int _run;

    public TensorSummary(TensorType type)
    {
        _type = type;
        var (channels, run) = type.Shape switch
        {
            [> 0 and <= MostChannels and var first, var height, var width] => (first, height * width),
            [_, _, > 0 and <= MostChannels and var last] => (last, 1),
            _ => (1, int.MaxValue),
        };
        _run = run;
        _channels = [.. Enumerable.Range(0, channels).Select(_ => new NumberSummary())];
    }

    /// <param name="value">Little-endian elements, row by row.</param>
    public void Add(ReadOnlySpan<byte> value)
    {
        switch (_type.Element)
        {
            case "uint8":
                Elements<byte>(value);
                break;
            case "int8":
                Elements<sbyte>(value);
                break;
            case "int16":
                Elements<short>(value);
                break;
            case "int32":
                Elements<int>(value);
                break;
            case "int64":
                Elements<long>(value);
                break;
            case "float32":
                Elements<float>(value);
                break;
            default:
                Elements<double>(value);
                break;
        }
    }

    /// <summary>The column's statistics with what was added here.</summary>
    public ColumnStatistics Describe(ColumnStatistics column) => column with { Channels = ChannelMerge.Finish(_channels) };

    private void Elements<T>(ReadOnlySpan<byte> value)
        where T : unmanaged, INumber<T>
    {
        var elements = MemoryMarshal.Cast<byte, T>(value);
        for (var (start, channel) = (0, 0); start < elements.Length; channel = channel + 1 == _channels.Length ? 0 : channel + 1)
        {
            var into = _channels[channel];
            var length = Math.Min(_run, elements.Length - start);
            foreach (var element in elements.Slice(start, length))
            {
                if (T.IsFinite(element))
                {
                    into.Add(double.CreateTruncating(element));
                }
            }

            start += length;
        }
    }
}
