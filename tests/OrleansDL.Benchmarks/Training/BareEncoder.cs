using static TorchSharp.torch;

namespace OrleansDL.Benchmarks.Training;

/// <summary>A transformer of TorchSharp's modules and libtorch's fused attention, norm first; padding is neither looked at nor pooled.</summary>
internal sealed class BareEncoder : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> _tokens;
    private readonly TorchSharp.Modules.Parameter _positions;
    private readonly nn.Module<Tensor, Tensor> _dropout;
    private readonly TorchSharp.Modules.ModuleList<BareEncoderLayer> _layers;
    private readonly nn.Module<Tensor, Tensor> _norm;
    private readonly nn.Module<Tensor, Tensor> _output;

    public BareEncoder(int words, int length, int width, int layers, int heads, double dropout, int labels)
        : base(nameof(BareEncoder))
    {
        _tokens = nn.Embedding(words, width);
        _positions = nn.Parameter(randn(length, width));
        _dropout = nn.Dropout(dropout);
        _layers = nn.ModuleList(Enumerable.Range(0, layers).Select(_ => new BareEncoderLayer(width, heads, dropout)).ToArray());
        _norm = nn.LayerNorm(width);
        _output = nn.Linear(width, labels);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        var present = input.ne(0);
        var mask = present.unsqueeze(1).unsqueeze(1);
        var value = _dropout.forward(_tokens.forward(input) + _positions);
        foreach (var layer in _layers)
        {
            value = layer.forward(value, mask);
        }

        value = _norm.forward(value);
        var counted = present.unsqueeze(-1).to(value.dtype);
        return _output.forward((value * counted).sum(1) / counted.sum(1));
    }
}
