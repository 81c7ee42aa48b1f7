namespace OrleansDL.Networks;

/// <summary>Collects what the blocks of a network need, block by block.</summary>
internal sealed class ParameterPlan
{
    private readonly List<Parameter> _learnt = [];
    private readonly List<Parameter> _kept = [];
    private string _block = "";

    public IReadOnlyList<Parameter> Learnt => _learnt;

    public IReadOnlyList<Parameter> Kept => _kept;

    /// <summary>Names the block whose parameters follow.</summary>
    public ParameterPlan For(string block)
    {
        _block = block;
        return this;
    }

    /// <summary>A tensor the optimizer changes, drawn evenly from ±<paramref name="bound"/>.</summary>
    public Parameter Uniform(string name, double bound, params long[] shape) => Add(_learnt, name, shape, (random, values) =>
    {
        foreach (ref var value in values)
        {
            value = (float)((random.NextDouble() * 2 - 1) * bound);
        }
    });

    /// <summary>A tensor the optimizer changes, all of one value.</summary>
    public Parameter Constant(string name, float value, params long[] shape) =>
        Add(_learnt, name, shape, (_, values) => values.Fill(value));

    /// <summary>The same, for blocks that normalise: it stays in 32 bits.</summary>
    public Parameter Precise(string name, float value, params long[] shape) =>
        Add(_learnt, name, shape, (_, values) => values.Fill(value), isPrecise: true);

    /// <summary>A tensor the block itself changes.</summary>
    public Parameter Buffer(string name, float value, params long[] shape) =>
        Add(_kept, name, shape, (_, values) => values.Fill(value));

    private Parameter Add(List<Parameter> parameters, string name, long[] shape, Action<Data.Xoshiro, Span<float>> initialize, bool isPrecise = false)
    {
        var parameter = new Parameter($"{_block}.{name}", shape, initialize) { IsPrecise = isPrecise };
        parameters.Add(parameter);
        return parameter;
    }
}
