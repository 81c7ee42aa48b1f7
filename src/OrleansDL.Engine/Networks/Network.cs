using OrleansDL.Data;
using OrleansDL.Heads;
using OrleansDL.Native;
using OrleansDL.Onnx;
using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>A network on libtorch. All it learns lies in one flat buffer, so that the optimizer makes a few calls per step, not a few per layer.</summary>
internal sealed class Network : IDisposable
{
    private readonly IReadOnlyList<Block> _blocks;
    private readonly NetworkDefinition _definition;
    private readonly NetworkPlan _plan;
    private readonly HalfWeights? _half;
    private readonly long[] _marks;

    /// <summary>A new network, its weights drawn from <paramref name="seed"/>.</summary>
    /// <param name="frozen">What the names of parameters begin with that are not trained; they lie behind the others.</param>
    /// <param name="isHalf">Whether it learns in bfloat16, from weights kept in 32 bits.</param>
    /// <exception cref="InvalidException">The definition does not hold together, or no parameter is named so.</exception>
    public Network(NetworkDefinition definition, ulong seed, Device? device = null, IReadOnlyList<string>? frozen = null, bool isHalf = false)
    {
        _plan = definition.Plan();
        TorchLibrary.Load();
        using var scope = NewDisposeScope();
        _definition = definition;
        var plan = new ParameterPlan();
        var factory = new BlockFactory(_plan, plan);
        _blocks = factory.Build();
        var random = new Xoshiro(seed);
        var trained = Freeze(plan, frozen ?? []);
        Weights = Allocate(plan.Learnt, random, device);
        Gradients = zeros_like(Weights).DetachFromDisposeScope();
        Buffers = Allocate(plan.Kept, random, device);
        _marks = GradientBuckets.Plan(factory.Starts, plan.Learnt, trained);
        TrainedWeights = trained == Weights.numel() ? Weights : Weights.narrow(0, 0, trained).DetachFromDisposeScope();
        TrainedGradients = trained == Weights.numel() ? Gradients : Gradients.narrow(0, 0, trained).DetachFromDisposeScope();
        foreach (var parameter in plan.Learnt)
        {
            parameter.Tensor = View(Weights, parameter).requires_grad_(!parameter.IsFrozen).DetachFromDisposeScope();
            if (!parameter.IsFrozen)
            {
                parameter.Tensor.grad = View(Gradients, parameter);
            }
        }

        foreach (var parameter in plan.Kept)
        {
            parameter.Tensor = View(Buffers, parameter).DetachFromDisposeScope();
        }

        Parameters = [.. plan.Learnt, .. plan.Kept];
        _half = isHalf ? new HalfWeights(plan.Learnt, Weights, Gradients) : null;
    }

    /// <summary>Learnt values of all blocks, flat.</summary>
    public Tensor Weights { get; }

    /// <summary>Where backward adds the gradients, laid out as <see cref="Weights"/>.</summary>
    public Tensor Gradients { get; }

    /// <summary>The part of <see cref="Weights"/> that is not frozen: what an optimizer moves and decays.</summary>
    public Tensor TrainedWeights { get; }

    /// <summary>The gradients of <see cref="TrainedWeights"/>.</summary>
    public Tensor TrainedGradients { get; }

    /// <summary>Values that blocks keep of their own (running means), flat.</summary>
    public Tensor Buffers { get; }

    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The raw output, in 32 bits. Whoever lets it learn calls <see cref="TakeGradients"/> after backward.</summary>
    public Tensor Forward(Tensor input, Pass pass)
    {
        using var half = pass.IsTraining ? _half?.Lend() : null;
        var value = input;
        foreach (var (block, from) in _blocks.Zip(_marks))
        {
            value = block.Forward(pass.Complete is { } complete && from > 0 && value.requires_grad ? GradientMark.Apply(value, complete, from) : value, pass);
        }

        return half is null ? value : value.to(ScalarType.Float32);
    }

    /// <summary>Adds to <see cref="Gradients"/> those that backward left in 16 bits.</summary>
    public void TakeGradients() => _half?.TakeGradients();

    /// <summary>The network as an ONNX model: <c>input</c> to the outputs of its head, for example <c>logits</c> and <c>probabilities</c>.</summary>
    public byte[] ExportOnnx()
    {
        var graph = new OnnxGraph();
        var tokens = _definition.Vocabulary is not null;
        var value = graph.Input("input", tokens ? OnnxType.Int64 : OnnxType.Float, tokens ? [-1, -1] : [-1, .. _definition.Input]);
        var embedding = (Value: "", Width: 0L);
        foreach (var (block, planned) in _blocks.Zip(_plan.Blocks))
        {
            value = block.Emit(graph, value);
            if (planned.Name == NetworkPlan.EmbeddingBlock && planned.Output.Kind is BlockShapeKind.Row)
            {
                embedding = (value, planned.Output.Width);
            }
        }

        HeadOutputs.Emit(graph, _plan.Ends.Head, value, _plan.Output, embedding);
        return graph.Write(_definition.Network.Family);
    }

    /// <summary>The network as an ONNX model that goes on from steps seen before: <c>input</c> and what is kept of the steps before it, to <c>logits</c> [batch, vocabulary]
    /// of the last step and what is to be kept. Its weights are named, not written.</summary>
    /// <returns>Null when the network foretells no tokens, or has blocks that cannot go on.</returns>
    public byte[]? ExportGeneration()
    {
        if (_plan.Ends.Head is not HeadNames.NextToken || !_blocks.All(block => block.GoesOn))
        {
            return null;
        }

        var past = new OnnxPast();
        var graph = new OnnxGraph { Past = past, LeavesWeightsOut = true };
        var value = graph.Input("input", OnnxType.Int64, [-1, -1]);
        past.Begin(graph);
        value = _blocks.Aggregate(value, (name, block) => block.Emit(graph, name));
        graph.Node("Gather", [value, graph.Integer(-1)], "logits", OnnxAttribute.Of("axis", 1));
        graph.Output("logits", [-1, _plan.Ends.Outputs]);
        return past.Layers == 0 ? null : graph.Write(OnnxPast.Form);
    }

    public void Dispose()
    {
        foreach (var parameter in Parameters)
        {
            parameter.Tensor.Dispose();
        }

        _half?.Dispose();
        TrainedWeights.Dispose();
        TrainedGradients.Dispose();
        Weights.Dispose();
        Gradients.Dispose();
        Buffers.Dispose();
    }

    /// <summary>Marks what is frozen, and says how many values are not.</summary>
    private static long Freeze(ParameterPlan plan, IReadOnlyList<string> frozen)
    {
        foreach (var prefix in frozen)
        {
            var named = plan.Learnt.Where(parameter => parameter.Name.StartsWith(prefix, StringComparison.Ordinal)).ToList();
            if (named.Count == 0)
            {
                var names = string.Join(", ", plan.Learnt.Select(parameter => parameter.Name));
                throw new InvalidException($"initialize.freeze '{prefix}' begins the name of no parameter. Parameters: {(names.Length > 1000 ? names[..1000] + "..." : names)}.");
            }

            foreach (var parameter in named.Concat(plan.Kept.Where(parameter => parameter.Name.StartsWith(prefix, StringComparison.Ordinal))))
            {
                parameter.IsFrozen = true;
            }
        }

        var trained = plan.Learnt.Where(parameter => !parameter.IsFrozen).Sum(parameter => (long)parameter.Count);
        return trained > 0 ? trained : throw new InvalidException("initialize.freeze names every parameter: nothing is left to train. Leave one out, for example 'output'.");
    }

    /// <summary>Values are drawn in the blocks' order, whatever is frozen, and laid out with the frozen ones last.</summary>
    private static Tensor Allocate(IReadOnlyList<Parameter> parameters, Xoshiro random, Device? device)
    {
        var values = new float[parameters.Sum(parameter => parameter.Count)];
        var offset = 0;
        foreach (var parameter in parameters.OrderBy(parameter => parameter.IsFrozen))
        {
            parameter.Offset = offset;
            offset += parameter.Count;
        }

        foreach (var parameter in parameters)
        {
            parameter.Initialize(random, values.AsSpan(parameter.Offset, parameter.Count));
        }

        // Into memory of libtorch's own: a tensor made of an array lies where the array lies, and matrix products differ in their last bits with it.
        using var given = tensor(values, device: device);
        return given.clone().DetachFromDisposeScope();
    }

    private static Tensor View(Tensor flat, Parameter parameter) => flat.narrow(0, parameter.Offset, parameter.Count).view(parameter.Shape);
}
