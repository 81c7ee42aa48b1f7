namespace OrleansDL.Telemetry;

/// <summary>The distribution of a stream of numbers in a few kilobytes: every quantile is within 1% of its value, and merging loses nothing.</summary>
/// <remarks>
/// Bin i holds the values in (gamma^(i-1), gamma^i]; negative values are held apart by magnitude. The stored form is a promise:
/// a new one gets the next version number, and the old ones stay readable. Not safe for several threads at once.
/// </remarks>
public sealed class DDSketch
{
    /// <summary>Greatest relative error of a quantile.</summary>
    public const double Accuracy = 0.01;

    /// <summary>Bins kept on each side of zero; over it the smallest magnitudes share one. 2048 reach over 17 decades.</summary>
    public const int MaximumBins = 2048;

    private const byte FormatVersion = 1;

    /// <summary>Smaller magnitudes count as this one.</summary>
    private const double SmallestMagnitude = 1e-9;

    private static readonly double Gamma = (1 + Accuracy) / (1 - Accuracy);
    private static readonly double LogGamma = Math.Log(Gamma);

    private readonly BinStore _positive = new();
    private readonly BinStore _negative = new();
    private long _zeros;

    /// <summary>Numbers in the sketch, without what was not finite.</summary>
    public long Count => _positive.Total + _negative.Total + _zeros;

    /// <summary>NaN values seen; they are in no quantile.</summary>
    public long NotNumbers { get; private set; }

    /// <summary>Infinite values seen; they are in no quantile.</summary>
    public long Infinities { get; private set; }

    public double Sum { get; private set; }

    /// <summary>Smallest number seen; +infinity before the first.</summary>
    public double Minimum { get; private set; } = double.PositiveInfinity;

    /// <summary>Greatest number seen; -infinity before the first.</summary>
    public double Maximum { get; private set; } = double.NegativeInfinity;

    /// <summary>Mean of the numbers; null without any.</summary>
    public double? Mean => Count == 0 ? null : Sum / Count;

    public void Add(double value) => Add(value, 1);

    /// <summary>Adds a number that was seen so many times.</summary>
    public void Add(double value, long count)
    {
        if (!double.IsFinite(value))
        {
            if (double.IsNaN(value))
            {
                NotNumbers += count;
            }
            else
            {
                Infinities += count;
            }

            return;
        }

        if (value > 0)
        {
            _positive.Add(IndexOf(value), count);
        }
        else if (value < 0)
        {
            _negative.Add(IndexOf(-value), count);
        }
        else
        {
            _zeros += count;
        }

        Sum += value * count;
        Minimum = Math.Min(Minimum, value);
        Maximum = Math.Max(Maximum, value);
    }

    /// <summary>Adds everything another sketch has seen.</summary>
    public void Merge(DDSketch other)
    {
        _positive.Merge(other._positive);
        _negative.Merge(other._negative);
        _zeros += other._zeros;
        NotNumbers += other.NotNumbers;
        Infinities += other.Infinities;
        Sum += other.Sum;
        Minimum = Math.Min(Minimum, other.Minimum);
        Maximum = Math.Max(Maximum, other.Maximum);
    }

    /// <summary>The value at a rank between 0 (smallest) and 1 (greatest); null for an empty sketch.</summary>
    public double? Quantile(double rank)
    {
        if (!(rank is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(rank), rank, "A rank lies between 0 and 1.");
        }

        return Count == 0 ? null
            : rank == 0 ? Minimum
            : rank == 1 ? Maximum
            : Math.Clamp(ValueAt(rank * (Count - 1)), Minimum, Maximum);
    }

    /// <summary>The bins that hold something, from the smallest value to the greatest: a value within 1% of all in the bin, and their number.</summary>
    /// <remarks>The grid is the same for all sketches: equal values here are equal bins, so two sketches can be compared bin by bin.</remarks>
    public IEnumerable<(double Value, long Count)> Bins()
    {
        for (var index = _negative.Highest; _negative.Total > 0 && index >= _negative.Lowest; index--)
        {
            if (_negative[index] > 0)
            {
                yield return (-ValueOf(index), _negative[index]);
            }
        }

        if (_zeros > 0)
        {
            yield return (0, _zeros);
        }

        for (var index = _positive.Lowest; _positive.Total > 0 && index <= _positive.Highest; index++)
        {
            if (_positive[index] > 0)
            {
                yield return (ValueOf(index), _positive[index]);
            }
        }
    }

    /// <summary>The stored form.</summary>
    public byte[] ToBytes()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(FormatVersion);
        writer.Write7BitEncodedInt64(_zeros);
        writer.Write7BitEncodedInt64(NotNumbers);
        writer.Write7BitEncodedInt64(Infinities);
        writer.Write(Sum);
        writer.Write(Minimum);
        writer.Write(Maximum);
        Write(writer, _positive);
        Write(writer, _negative);
        writer.Flush();
        return bytes.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are no sketch, or one of a newer version.</exception>
    public static DDSketch FromBytes(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes, writable: false));
        try
        {
            if (reader.ReadByte() is not FormatVersion and var version)
            {
                throw new InvalidDataException($"A sketch of version {version} was stored by a newer OrleansDL. Upgrade this node.");
            }

            var sketch = new DDSketch
            {
                _zeros = reader.Read7BitEncodedInt64(),
                NotNumbers = reader.Read7BitEncodedInt64(),
                Infinities = reader.Read7BitEncodedInt64(),
                Sum = reader.ReadDouble(),
                Minimum = reader.ReadDouble(),
                Maximum = reader.ReadDouble(),
            };
            Read(reader, sketch._positive);
            Read(reader, sketch._negative);
            return sketch;
        }
        catch (Exception error) when (error is EndOfStreamException or FormatException)
        {
            throw new InvalidDataException($"These {bytes.Length} bytes are no sketch.", error);
        }
    }

    private double ValueAt(double rank)
    {
        var seen = 0L;
        for (var index = _negative.Highest; _negative.Total > 0 && index >= _negative.Lowest; index--)
        {
            seen += _negative[index];
            if (seen > rank)
            {
                return -ValueOf(index);
            }
        }

        seen += _zeros;
        if (seen > rank)
        {
            return 0;
        }

        for (var index = _positive.Lowest; index < _positive.Highest; index++)
        {
            seen += _positive[index];
            if (seen > rank)
            {
                return ValueOf(index);
            }
        }

        return ValueOf(_positive.Highest);
    }

    private static int IndexOf(double magnitude) =>
        (int)Math.Ceiling(Math.Log(Math.Max(magnitude, SmallestMagnitude)) / LogGamma);

    private static double ValueOf(int index) => 2 * Math.Exp(index * LogGamma) / (Gamma + 1);

    private static void Write(BinaryWriter writer, BinStore store)
    {
        var bins = new List<int>();
        for (var index = store.Lowest; store.Total > 0 && index <= store.Highest; index++)
        {
            if (store[index] > 0)
            {
                bins.Add(index);
            }
        }

        writer.Write7BitEncodedInt(bins.Count);
        var previous = 0;
        foreach (var index in bins)
        {
            // The first step may lead below zero, so steps are zigzag coded.
            var step = index - previous;
            writer.Write7BitEncodedInt((step << 1) ^ (step >> 31));
            writer.Write7BitEncodedInt64(store[index]);
            previous = index;
        }
    }

    private static void Read(BinaryReader reader, BinStore store)
    {
        var bins = reader.Read7BitEncodedInt();
        if (bins is < 0 or > MaximumBins)
        {
            throw new FormatException($"A sketch has at most {MaximumBins} bins, not {bins}.");
        }

        var index = 0;
        for (var bin = 0; bin < bins; bin++)
        {
            var step = reader.Read7BitEncodedInt();
            index += (int)((uint)step >> 1) ^ -(step & 1);
            store.Add(index, reader.Read7BitEncodedInt64());
        }
    }
}
