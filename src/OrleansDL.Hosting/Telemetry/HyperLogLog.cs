using System.Numerics;

namespace OrleansDL.Telemetry;

/// <summary>Estimates how many different values a stream has, in 16 KiB: the standard error is 0.81%, and merging loses nothing (Flajolet and others 2007).</summary>
/// <remarks>Values come as 64-bit hashes. The stored form is a promise: a new one gets the next version number. Not safe for several threads at once.</remarks>
public sealed class HyperLogLog
{
    /// <summary>Bits of a hash that choose its register.</summary>
    public const int Precision = 14;

    private const int Registers = 1 << Precision;
    private const byte FormatVersion = 1;

    // A list takes three bytes per register, the packed form half a byte for each: up to here the list is shorter.
    private const int MaximumListed = Registers / 8;
    private const int HighestRank = 64 - Precision + 1;
    private const double Alpha = 0.7213 / (1 + (1.079 / Registers));

    private readonly byte[] _registers = new byte[Registers];

    public void Add(ulong hash)
    {
        ref var register = ref _registers[hash >> (64 - Precision)];

        // The bit set below the rest bounds the rank of a rest without any bit.
        var rank = (byte)(BitOperations.LeadingZeroCount((hash << Precision) | (1UL << (Precision - 1))) + 1);
        if (rank > register)
        {
            register = rank;
        }
    }

    /// <summary>Adds everything another sketch has seen.</summary>
    public void Merge(HyperLogLog other)
    {
        for (var i = 0; i < Registers; i++)
        {
            _registers[i] = Math.Max(_registers[i], other._registers[i]);
        }
    }

    /// <summary>About how many different hashes were added.</summary>
    public long Estimate()
    {
        var sum = 0.0;
        var empty = 0;
        foreach (var rank in _registers)
        {
            sum += Math.ScaleB(1, -rank);
            empty += rank == 0 ? 1 : 0;
        }

        var estimate = Alpha * Registers * Registers / sum;
        return (long)Math.Round(estimate <= 2.5 * Registers && empty > 0 ? Registers * Math.Log((double)Registers / empty) : estimate);
    }

    /// <summary>The stored form: a list of the registers that are set, or half a byte per register above the lowest.</summary>
    public byte[] ToBytes()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(FormatVersion);
        var set = Registers - _registers.AsSpan().Count((byte)0);
        if (set <= MaximumListed)
        {
            writer.Write(true);
            WriteList(writer, 0);
        }
        else
        {
            // Ranks lie close together; the few that are far above the lowest follow as a list.
            var lowest = _registers.Min();
            writer.Write(false);
            writer.Write(lowest);
            for (var i = 0; i < Registers; i += 2)
            {
                writer.Write((byte)(Math.Min(_registers[i] - lowest, 15) | (Math.Min(_registers[i + 1] - lowest, 15) << 4)));
            }

            WriteList(writer, lowest + 14);
        }

        writer.Flush();
        return bytes.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are no sketch, or one of a newer version.</exception>
    public static HyperLogLog FromBytes(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes, writable: false));
        try
        {
            if (reader.ReadByte() is not FormatVersion and var version)
            {
                throw new InvalidDataException($"A distinct-value sketch of version {version} was stored by a newer OrleansDL. Upgrade this node.");
            }

            var sketch = new HyperLogLog();
            if (!reader.ReadBoolean())
            {
                var lowest = reader.ReadByte();
                for (var i = 0; i < Registers; i += 2)
                {
                    var pair = reader.ReadByte();
                    sketch._registers[i] = Rank(lowest + (pair & 15));
                    sketch._registers[i + 1] = Rank(lowest + (pair >> 4));
                }
            }

            var index = -1;
            for (var left = reader.Read7BitEncodedInt(); left > 0; left--)
            {
                index += reader.Read7BitEncodedInt();
                sketch._registers[index is >= 0 and < Registers ? index : throw new FormatException($"There is no register {index}.")] = Rank(reader.ReadByte());
            }

            return sketch;
        }
        catch (Exception error) when (error is EndOfStreamException or FormatException)
        {
            throw new InvalidDataException($"These {bytes.Length} bytes are no distinct-value sketch.", error);
        }
    }

    private void WriteList(BinaryWriter writer, int above)
    {
        writer.Write7BitEncodedInt(_registers.Count(rank => rank > above));
        var previous = -1;
        for (var i = 0; i < Registers; i++)
        {
            if (_registers[i] > above)
            {
                writer.Write7BitEncodedInt(i - previous);
                writer.Write(_registers[i]);
                previous = i;
            }
        }
    }

    private static byte Rank(int rank) => rank <= HighestRank ? (byte)rank : throw new FormatException($"No register holds {rank}.");
}
