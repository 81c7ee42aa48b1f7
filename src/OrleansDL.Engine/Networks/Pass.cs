using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>One pass through a network: whether it learns, and where the randomness of its blocks comes from.</summary>
internal sealed class Pass
{
    private Pass(bool isTraining) => IsTraining = isTraining;

    /// <summary>A pass that judges or serves: nothing is dropped, running means stand for those of the batch.</summary>
    public static Pass Evaluation { get; } = new(false);

    /// <summary>A pass that learns.</summary>
    public static Pass Training { get; } = new(true);

    public bool IsTraining { get; }

    /// <summary>Drops a share of the values while training, and scales up the others; nothing otherwise.</summary>
    public Tensor Drop(Tensor value, double share) => IsTraining ? nn.functional.dropout(value, share, training: true) : value;
}
