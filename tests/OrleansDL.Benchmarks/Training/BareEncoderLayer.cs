using static TorchSharp.torch;

namespace OrleansDL.Benchmarks.Training;

/// <summary>One layer of <see cref="BareEncoder"/>.</summary>
internal sealed class BareEncoderLayer : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> _attentionNorm;
    private readonly nn.Module<Tensor, Tensor> _in;
    private readonly nn.Module<Tensor, Tensor> _out;
    private readonly nn.Module<Tensor, Tensor> _feedForward;
    private readonly nn.Module<Tensor, Tensor> _dropout;
    private readonly int _heads;
    private readonly double _share;

    public BareEncoderLayer(int width, int heads, double dropout)
        : base(nameof(BareEncoderLayer))
    {
        (_heads, _share) = (heads, dropout);
        _attentionNorm = nn.LayerNorm(width);
        _in = nn.Linear(width, 3 * width);
        _out = nn.Linear(width, width);
        _dropout = nn.Dropout(dropout);
        _feedForward = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(4 * width, width), nn.Dropout(dropout));
        RegisterComponents();
    }

    public override Tensor forward(Tensor value, Tensor mask)
    {
        var (batch, steps, width) = (value.shape[0], value.shape[1], value.shape[2]);
        var all = _in.forward(_attentionNorm.forward(value)).view(batch, steps, 3, _heads, width / _heads).permute(2, 0, 3, 1, 4);
        var taken = nn.functional.scaled_dot_product_attention(all.select(0, 0), all.select(0, 1), all.select(0, 2), mask, _share);
        value = value + _dropout.forward(_out.forward(taken.transpose(1, 2).reshape(batch, steps, width)));
        return value + _feedForward.forward(value);
    }
}
