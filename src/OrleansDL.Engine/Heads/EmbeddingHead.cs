using static TorchSharp.torch;

namespace OrleansDL.Heads;

/// <summary>
/// A vector [N, width] that lies close to those of the same label: supervised contrastive loss over the batch (Khosla et al. 2020). For each row
/// that shares its label, the mean over those of minus the logarithm of their share among all other rows, by cosines over the temperature.
/// </summary>
internal sealed class EmbeddingHead(int width, double temperature) : Head
{
    public const int DefaultWidth = 64;
    public const double DefaultTemperature = 0.1;

    /// <summary>Takes a row out of its own company, and unlike infinity can be multiplied by 0.</summary>
    private const double Out = -1e9;

    public override string Name => HeadNames.Embedding;

    public override int Outputs => width;

    public override Tensor Loss(Tensor output, Tensor target)
    {
        var unit = nn.functional.normalize(output, p: 2, dim: 1);
        var self = eye(output.shape[0], dtype: output.dtype, device: output.device);
        var similar = (unit.matmul(unit.t()) / Held(temperature)).add(self, Held(Out));
        var logarithms = similar - similar.logsumexp(1, keepdim: true);
        var alike = target.unsqueeze(0).eq(target.unsqueeze(1)).to_type(output.dtype) - self;
        var friends = alike.sum(1);
        var losses = -(logarithms * alike).sum(1) / friends.clamp_min(Held(1));
        return losses.sum() / friends.gt(Held(0)).sum().clamp_min(Held(1));
    }
}
