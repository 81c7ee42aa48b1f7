using OrleansDL.Collectives;
using OrleansDL.Data;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>One pass through a network: whether it learns, and where the randomness of its blocks comes from.</summary>
internal sealed class Pass
{
    private readonly ReadOnlyMemory<long> _samples;
    private readonly long _seed;
    private readonly int _epoch;
    private ulong[]? _keys;
    private ulong _uses;

    private Pass(bool isTraining) => IsTraining = isTraining;

    /// <param name="seed">The run's seed.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="samples">Number of each sample of the batch among the training rows.</param>
    private Pass(long seed, int epoch, ReadOnlyMemory<long> samples)
        : this(true) => (_seed, _epoch, _samples) = (seed, epoch, samples);

    /// <summary>A pass that judges or serves: nothing is dropped, running means stand for those of the batch.</summary>
    public static Pass Evaluation { get; } = new(false);

    /// <summary>A pass that learns, its randomness libtorch's own: what runs begun before samples had keys go on with.</summary>
    public static Pass Training { get; } = new(true);

    /// <summary>A pass that learns, its randomness a function of seed, epoch and sample.</summary>
    /// <param name="exchange">The ranks that learn together; null: one alone.</param>
    /// <param name="counts">Whether the samples count; one that does not stands in where a rank has none.</param>
    /// <param name="complete">Told while backward goes on from where on the flat gradients are made; null: nobody asks.</param>
    public static Pass Learning(
        long seed, int epoch, ReadOnlyMemory<long> samples, IGradientExchange? exchange = null, bool counts = true, Action<long>? complete = null) =>
        new(seed, epoch, samples) { Exchange = exchange, Counts = counts, Complete = complete };

    public bool IsTraining { get; }

    /// <summary>The ranks whose rows make the batch together with this one's; null: this one's are all.</summary>
    public IGradientExchange? Exchange { get; private init; }

    /// <summary>Told while backward goes on from where on the flat gradients are made; null: nobody asks.</summary>
    public Action<long>? Complete { get; private init; }

    /// <summary>Whether this rank's rows count in what is taken over the batch.</summary>
    public bool Counts { get; private init; } = true;

    /// <summary>Drops a share of the values while training, and scales up the others; nothing otherwise.</summary>
    /// <param name="value">Its first axis is the batch's samples, each evenly many rows of it.</param>
    /// <param name="share">0 to 1.</param>
    public Tensor Drop(Tensor value, double share)
    {
        if (!IsTraining || share <= 0)
        {
            return value;
        }

        if (_samples.IsEmpty)
        {
            return nn.functional.dropout(value, share, training: true);
        }

        var keys = UseKeys(value.shape[0]);
        var mask = DropoutMask.Of(value.shape, keys, share, value.device);
        return value * (value.dtype is ScalarType.Float32 ? mask : mask.to(value.dtype));
    }

    /// <summary>The samples' keys for the next use of them: no two blocks of a pass draw the same numbers.</summary>
    private ulong[] UseKeys(long rows)
    {
        if (rows % _samples.Length != 0)
        {
            throw new InvalidOperationException($"A block draws at random over {rows} rows, which are not evenly those of {_samples.Length} samples.");
        }

        if (_keys is null)
        {
            _keys = new ulong[_samples.Length];
            for (var sample = 0; sample < _keys.Length; sample++)
            {
                _keys[sample] = SampleKeys.Of(_seed, _epoch, _samples.Span[sample]);
            }
        }

        var (use, keys) = (_uses++, new ulong[_keys.Length]);
        for (var sample = 0; sample < keys.Length; sample++)
        {
            keys[sample] = SampleKeys.Of(_keys[sample], use);
        }

        return keys;
    }
}
