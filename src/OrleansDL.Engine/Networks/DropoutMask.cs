using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace OrleansDL.Networks;

/// <summary>
/// Which values are dropped: value i of a sample is dropped where hash(key, i) is below the share. The hash is two rounds of a mixing
/// function of 32 bits (Wellons' lowbias32), the key's halves added before each, so that any value is reached without those before it,
/// eight or sixteen at a time, on any device.
/// </summary>
internal static class DropoutMask
{
    private const uint Step = 0x9E3779B9;
    private const uint First = 0x7FEB352D;
    private const uint Second = 0x846CA68B;

    /// <summary>From here on several threads make a mask.</summary>
    private const long WorthSharing = 1 << 16;

    /// <summary>A mask of zeros and of 1 / (1 - share), its first axis the samples'.</summary>
    /// <param name="shape">Shape of what is dropped.</param>
    /// <param name="keys">Key of each sample; the rows of the first axis are evenly theirs, in their order.</param>
    public static Tensor Of(ReadOnlySpan<long> shape, ulong[] keys, double share, Device device)
    {
        var threshold = (uint)Math.Min(uint.MaxValue, Math.Round(share * 4294967296.0));
        var scale = (float)(1 / (1 - share));
        if (device.type is not TorchSharp.DeviceType.CPU)
        {
            return OnDevice(shape, keys, threshold, scale, device);
        }

        var mask = empty(shape, ScalarType.Float32);
        Fill(mask, keys, threshold, scale);
        return mask;
    }

    /// <summary>The same numbers by libtorch's own operations, where the device is no CPU.</summary>
    internal static Tensor OnDevice(ReadOnlySpan<long> shape, ulong[] keys, uint threshold, float scale, Device device)
    {
        using var scope = NewDisposeScope();
        long count = 1;
        foreach (var size in shape)
        {
            count *= size;
        }

        var halves = tensor(MemoryMarshal.Cast<ulong, int>(keys.AsSpan()).ToArray(), [keys.Length, 2], device: device);
        var hash = arange(Held(0), Held(count / keys.Length), Held(1), ScalarType.Int32, device).mul_(Held(unchecked((int)Step))).unsqueeze(0).add(halves.narrow(1, 0, 1), Held(1));
        Mix(hash);
        hash.add_(halves.narrow(1, 1, 1), Held(1));
        Mix(hash);

        // Compared as signed numbers: the sign bit is turned over on both sides.
        var kept = hash.bitwise_xor_(int.MinValue).ge(Held(unchecked((int)(threshold ^ 0x80000000))));
        return kept.to(ScalarType.Float32).mul_(Held(scale)).view(shape.ToArray()).MoveToOuterDisposeScope();
    }

    private static void Mix(Tensor hash)
    {
        Fold(hash, 16);
        hash.mul_(Held(unchecked((int)First)));
        Fold(hash, 15);
        hash.mul_(Held(unchecked((int)Second)));
        Fold(hash, 16);
    }

    /// <summary>hash ^= hash >> bits, without the sign that libtorch's shift draws along.</summary>
    private static void Fold(Tensor hash, int bits) =>
        hash.bitwise_xor_(hash.bitwise_right_shift(tensor(bits, ScalarType.Int32, hash.device)).bitwise_and_((1 << (32 - bits)) - 1));

    private static unsafe void Fill(Tensor mask, ulong[] keys, uint threshold, float scale)
    {
        var count = mask.numel() / keys.Length;
        var start = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(mask.bytes));
        var threads = mask.numel() >= WorthSharing ? get_num_threads() : 1;
        if (threads == 1)
        {
            for (var sample = 0; sample < keys.Length; sample++)
            {
                Fill(new Span<float>((float*)start + (sample * count), (int)count), keys[sample], threshold, scale);
            }

            return;
        }

        Parallel.For(
            0, keys.Length, new ParallelOptions { MaxDegreeOfParallelism = threads },
            sample => Fill(new Span<float>((float*)start + (sample * count), (int)count), keys[sample], threshold, scale));
    }

    internal static void Fill(Span<float> values, ulong key, uint threshold, float scale)
    {
        var (low, high) = ((uint)key, (uint)(key >> 32));
        var width = Vector<uint>.Count;
        var (lows, highs, thresholds, scales) = (new Vector<uint>(low), new Vector<uint>(high), new Vector<uint>(threshold), new Vector<float>(scale));
        var counter = (Vector<uint>.Indices * Step) + lows;
        var step = new Vector<uint>(unchecked((uint)width * Step));
        ref var target = ref MemoryMarshal.GetReference(values);
        var index = 0;

        // Two at a time: a product takes ten cycles, and another may begin in each.
        for (; index <= values.Length - (2 * width); index += 2 * width)
        {
            var next = counter + step;
            var (left, right) = (Mix(Mix(counter) + highs), Mix(Mix(next) + highs));
            Vector.ConditionalSelect(Vector.As<uint, float>(Vector.GreaterThanOrEqual(left, thresholds)), scales, Vector<float>.Zero).StoreUnsafe(ref target, (nuint)index);
            Vector.ConditionalSelect(Vector.As<uint, float>(Vector.GreaterThanOrEqual(right, thresholds)), scales, Vector<float>.Zero).StoreUnsafe(ref target, (nuint)(index + width));
            counter = next + step;
        }

        for (; index < values.Length; index++)
        {
            values[index] = Mix(Mix(unchecked(((uint)index * Step) + low)) + high) >= threshold ? scale : 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<uint> Mix(Vector<uint> hash)
    {
        hash ^= hash >>> 16;
        hash *= First;
        hash ^= hash >>> 15;
        hash *= Second;
        return hash ^ (hash >>> 16);
    }

    private static uint Mix(uint hash)
    {
        hash ^= hash >> 16;
        hash *= First;
        hash ^= hash >> 15;
        hash *= Second;
        return hash ^ (hash >> 16);
    }
}
