namespace OrleansDL.Networks;

/// <summary>Makes the blocks of a plan; their parameters come in the plan's order.</summary>
internal sealed class BlockFactory(NetworkPlan network, ParameterPlan plan)
{
    private readonly SeriesPadding _padding = new();

    /// <summary>By block, how many parameters those before it learn.</summary>
    public List<int> Starts { get; } = [];

    public IReadOnlyList<Block> Build()
    {
        var blocks = new List<Block>();
        foreach (var block in network.Blocks)
        {
            Starts.Add(plan.Learnt.Count);
            blocks.Add(Build(block));
        }

        return blocks;
    }

    private List<Block> Build(IReadOnlyList<PlannedBlock> blocks) => [.. blocks.Select(Build)];

    private Block Build(PlannedBlock block)
    {
        var (spec, input) = (block.Spec, block.Input);
        plan.For(block.Name);
        return spec.Kind switch
        {
            "linear" => new LinearBlock(plan, input.Width, spec.Width!.Value, spec.Bias!.Value, input.Kind is BlockShapeKind.Series),
            "convolution" when input.Kind is BlockShapeKind.Image => new ConvolutionBlock(plan, input.Width, spec),
            "convolution" => new SeriesConvolutionBlock(plan, input.Width, spec, PaddingOf(block)),
            "activation" => new ActivationBlock(spec.By!),
            "dropout" => new DropoutBlock(spec.Share!.Value),
            "norm" => Norm(block),
            "pool" => new PoolBlock(spec.By == "max", spec.Kernel!.Value, spec.Stride!.Value),
            "globalPool" when input.Kind is BlockShapeKind.Image => new GlobalPoolBlock(spec.By == "max"),
            "globalPool" => new SeriesPoolBlock(spec.By!, PaddingOf(block)),
            "flatten" => new FlattenBlock(),
            "reshape" => new ReshapeBlock(block.Output.Sizes),
            "upsample" => new UpsampleBlock(block.Output.Sizes),
            "embedding" => new EmbeddingBlock(plan, network.Ends.Vocabulary!.Value, spec.Width!.Value, _padding),
            "tokenMean" => new TokenMeanBlock(plan, network.Ends.Vocabulary!.Value, spec.Width!.Value),
            "categories" => new CategoriesBlock(plan, input.Width, network.Ends.Cardinalities, spec.Width),
            "positions" when spec.By == "learnt" => new LearntPositionsBlock(plan, input.Sizes[0], input.Width),
            "positions" => new SinusoidalPositionsBlock(input.Width),
            "attention" => new AttentionBlock(plan, input.Width, spec, PaddingOf(block)),
            "recurrent" when spec.By == "lstm" => new LstmBlock(plan, input.Width, spec, PaddingOf(block)),
            "recurrent" => new GruBlock(plan, input.Width, spec, PaddingOf(block)),
            "normalize" => new NormalizeBlock(),
            "residual" => new ResidualBlock(Build(block.Blocks), Build(block.Shortcut)),
            _ => throw new InvalidException($"{block.Name} is of kind '{spec.Kind}', which this node does not know. Upgrade the node."),
        };
    }

    private SeriesPadding? PaddingOf(PlannedBlock block) => block.Input.IsPadded ? _padding : null;

    private Block Norm(PlannedBlock block)
    {
        var (input, by) = (block.Input, block.Spec.By);
        return (by, input.Kind) switch
        {
            ("batch", _) => new BatchNormBlock(plan, input.Width, input.Kind is BlockShapeKind.Series),
            ("layer", BlockShapeKind.Image) => new GroupNormBlock(plan, input.Width, 1),
            ("layer", _) => new LayerNormBlock(plan, input.Width),
            _ => new GroupNormBlock(plan, input.Width, block.Spec.Groups!.Value),
        };
    }
}
