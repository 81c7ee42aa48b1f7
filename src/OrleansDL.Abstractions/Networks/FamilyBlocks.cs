using OrleansDL.Training;
using static OrleansDL.Networks.BlockShapeKind;

namespace OrleansDL.Networks;

/// <summary>A family is a way to write blocks: this writes them out, one method per family, without those of the head.</summary>
internal static class FamilyBlocks
{
    /// <summary>Beyond this many values after the convolutions the mean of each channel is taken in their place.</summary>
    private const long GreatestFlattened = 16_384;

    /// <summary>Images of fewer pixels a side than this keep their size through a residual network's stem.</summary>
    private const long LargeImage = 64;

    /// <summary>Shortest side an image is halved at.</summary>
    private const long LeastHalved = 4;

    public static IReadOnlyList<BlockSpec> Of(NetworkSpec spec, NetworkEnds ends) => spec.Family switch
    {
        "mlp" => Mlp(spec, ends),
        "cnn" => Cnn(spec, Image(spec, ends)),
        "textbag" => [new BlockSpec { Kind = "tokenMean", Name = "tokens", Width = Text(spec, ends).Embedding }],
        "resnet" => Resnet(spec, Image(spec, ends)),
        "separable" => Separable(spec, Image(spec, ends)),
        "encoder" => Transformer(spec, ends, causal: false),
        "gpt" => Transformer(Text(spec, ends), ends, causal: true),
        "lstm" or "gru" => Recurrent(spec, ends),
        "tcn" => Tcn(spec, ends),
        "autoencoder" => Autoencoder(spec, ends),
        "blocks" => spec.Blocks ?? [],
        _ => throw new InvalidException($"network.family '{spec.Family}' is unknown. Families: {string.Join(", ", NetworkFamily.Names)}."),
    };

    private static BlockShape Image(NetworkSpec spec, NetworkEnds ends) => ends.Input.Kind is BlockShapeKind.Image
        ? ends.Input
        : throw new InvalidException($"network.family '{spec.Family}' needs images. Set input.kind to 'image' with input.height and input.width, or take family 'mlp'.");

    private static NetworkSpec Text(NetworkSpec spec, NetworkEnds ends) => ends.Input.Kind is Tokens
        ? spec
        : throw new InvalidException($"network.family '{spec.Family}' needs text. Set input.kind to 'text', or take family 'mlp' or 'cnn'.");

    private static List<BlockSpec> Mlp(NetworkSpec spec, NetworkEnds ends)
    {
        SpecCheck.Require(ends.Input.Kind is not Tokens, "network.family 'mlp' does not take text. Take family 'textbag', 'encoder', 'lstm', 'gru' or 'tcn'.");
        List<BlockSpec> blocks = [];
        if (ends.Input.Kind is not Row)
        {
            blocks.Add(new BlockSpec { Kind = "flatten" });
        }

        if (ends.Cardinalities.Count > 0)
        {
            blocks.Add(new BlockSpec { Kind = "categories", Name = "categories", Width = spec.Embedding });
        }

        return blocks;
    }

    private static List<BlockSpec> Cnn(NetworkSpec spec, BlockShape image)
    {
        List<BlockSpec> blocks = [];
        var (channels, height, width) = (image.Sizes[0], image.Sizes[1], image.Sizes[2]);
        foreach (var (index, outputs) in spec.Channels!.Index())
        {
            blocks.Add(new BlockSpec { Kind = "convolution", Name = $"convolution{index}", Channels = outputs, Kernel = spec.Kernel });
            if (spec.BatchNorm is true)
            {
                blocks.Add(new BlockSpec { Kind = "norm", Name = $"norm{index}", By = "batch" });
            }

            blocks.Add(Activation(spec));
            channels = outputs;
            if (Math.Min(height, width) >= 2)
            {
                blocks.Add(new BlockSpec { Kind = "pool", By = "max" });
                (height, width) = (height / 2, width / 2);
            }
        }

        blocks.Add(new BlockSpec { Kind = channels * height * width <= GreatestFlattened ? "flatten" : "globalPool" });
        return blocks;
    }

    private static List<BlockSpec> Resnet(NetworkSpec spec, BlockShape image)
    {
        var large = spec.Stem == "large" || (spec.Stem == "auto" && Math.Min(image.Sizes[1], image.Sizes[2]) >= LargeImage);
        var width = spec.Width!.Value;
        List<BlockSpec> blocks = [Convolution(spec, "stem", width, large ? 7 : 3, large ? 2 : 1), .. Norm(spec, "stemNorm", width), Activation(spec)];
        if (large)
        {
            blocks.Add(new BlockSpec { Kind = "pool", By = "max", Kernel = 3, Stride = 2 });
        }

        int[] depths = spec.Size == 18 ? [2, 2, 2, 2] : [3, 4, 6, 3];
        long inputs = width;
        foreach (var (stage, depth) in depths.Index())
        {
            var channels = width << stage;
            var outputs = spec.Size == 50 ? channels * 4 : channels;
            for (var index = 0; index < depth; index++)
            {
                var stride = stage > 0 && index == 0 ? 2 : 1;
                blocks.Add(new BlockSpec
                {
                    Kind = "residual",
                    Name = $"stage{stage}-{index}",
                    Blocks = spec.Size == 50 ? Bottleneck(spec, channels, outputs, stride) : Basic(spec, channels, stride),
                    Shortcut = stride == 1 && inputs == outputs ? null : [Convolution(spec, "convolution", outputs, 1, stride), .. Norm(spec, "norm", outputs)],
                });
                blocks.Add(Activation(spec));
                inputs = outputs;
            }
        }

        blocks.Add(new BlockSpec { Kind = "globalPool" });
        return blocks;
    }

    private static List<BlockSpec> Basic(NetworkSpec spec, int channels, int stride) =>
    [
        Convolution(spec, "convolution0", channels, 3, stride), .. Norm(spec, "norm0", channels), Activation(spec),
        Convolution(spec, "convolution1", channels, 3), .. Norm(spec, "norm1", channels),
    ];

    private static List<BlockSpec> Bottleneck(NetworkSpec spec, int channels, int outputs, int stride) =>
    [
        Convolution(spec, "convolution0", channels, 1), .. Norm(spec, "norm0", channels), Activation(spec),
        Convolution(spec, "convolution1", channels, 3, stride), .. Norm(spec, "norm1", channels), Activation(spec),
        Convolution(spec, "convolution2", outputs, 1), .. Norm(spec, "norm2", outputs),
    ];

    private static List<BlockSpec> Separable(NetworkSpec spec, BlockShape image)
    {
        List<BlockSpec> blocks = [];
        var (inputs, side) = (0, Math.Min(image.Sizes[1], image.Sizes[2]));
        foreach (var (index, channels) in spec.Channels!.Index())
        {
            if (index > 0)
            {
                var stride = side >= LeastHalved ? 2 : 1;
                side /= stride;
                blocks.Add(Convolution(spec, $"depthwise{index}", inputs, spec.Kernel!.Value, stride) with { Groups = inputs });
                blocks.AddRange([.. Norm(spec, $"depthwiseNorm{index}", inputs), Activation(spec)]);
            }

            blocks.Add(Convolution(spec, $"pointwise{index}", channels, index == 0 ? spec.Kernel!.Value : 1));
            blocks.AddRange([.. Norm(spec, $"pointwiseNorm{index}", channels), Activation(spec)]);
            inputs = channels;
        }

        blocks.Add(new BlockSpec { Kind = "globalPool" });
        return blocks;
    }

    /// <summary>Pre-norm: each residual begins with the norm, and one more stands at the end.</summary>
    private static List<BlockSpec> Transformer(NetworkSpec spec, NetworkEnds ends, bool causal)
    {
        SpecCheck.Require(causal || ends.Head != "next-token", "network.family 'encoder' sees what follows, and head 'next-token' must not. Take family 'gpt'.");
        var width = spec.Width!.Value;
        List<BlockSpec> blocks = ends.Input.Kind is Tokens
            ? [new BlockSpec { Kind = "embedding", Name = "tokens", Width = width }]
            : [.. AsSeries(spec, ends), new BlockSpec { Kind = "linear", Name = "projection", Width = width }];
        blocks.Add(new BlockSpec { Kind = "positions", Name = "positions", By = spec.Positions });
        blocks.AddRange(Dropout(spec));
        for (var layer = 0; layer < spec.Layers; layer++)
        {
            blocks.Add(new BlockSpec
            {
                Kind = "residual",
                Name = $"attention{layer}",
                Blocks =
                [
                    new BlockSpec { Kind = "norm", Name = "norm", By = "layer" },
                    new BlockSpec { Kind = "attention", Name = "attention", Heads = spec.AttentionHeads, Causal = causal, Share = spec.Dropout },
                    .. Dropout(spec),
                ],
            });
            blocks.Add(new BlockSpec
            {
                Kind = "residual",
                Name = $"feedForward{layer}",
                Blocks =
                [
                    new BlockSpec { Kind = "norm", Name = "norm", By = "layer" },
                    new BlockSpec { Kind = "linear", Name = "inner", Width = spec.FeedForward },
                    Activation(spec), .. Dropout(spec),
                    new BlockSpec { Kind = "linear", Name = "outer", Width = width },
                    .. Dropout(spec),
                ],
            });
        }

        blocks.Add(new BlockSpec { Kind = "norm", Name = "finalNorm", By = "layer" });
        return [.. blocks, .. Pool(spec, ends)];
    }

    private static List<BlockSpec> Recurrent(NetworkSpec spec, NetworkEnds ends)
    {
        SpecCheck.Require(
            ends.Head != "next-token" || spec.Bidirectional is not true,
            "network.bidirectional is true: it sees what follows, and head 'next-token' must not. Take it out.");
        List<BlockSpec> blocks = [.. AsSeries(spec, ends)];
        for (var layer = 0; layer < spec.Layers; layer++)
        {
            blocks.Add(new BlockSpec { Kind = "recurrent", Name = $"recurrent{layer}", By = spec.Family, Width = spec.Width, Bidirectional = spec.Bidirectional });
            blocks.AddRange(Dropout(spec));
        }

        return [.. blocks, .. Pool(spec, ends)];
    }

    /// <summary>Causal convolutions whose reach doubles from level to level (Bai, Kolter and Koltun).</summary>
    private static List<BlockSpec> Tcn(NetworkSpec spec, NetworkEnds ends)
    {
        List<BlockSpec> blocks = [.. AsSeries(spec, ends)];
        var inputs = ends.Input.Kind switch
        {
            Tokens => spec.Embedding!.Value,
            Row => ends.Input.Width / Steps(spec, ends.Input),
            _ => ends.Input.Width,
        };
        foreach (var (level, channels) in spec.Channels!.Index())
        {
            BlockSpec Convolution(int index) => new()
            {
                Kind = "convolution",
                Name = $"convolution{index}",
                Channels = channels,
                Kernel = spec.Kernel,
                Dilation = 1 << Math.Min(level, 12),
                Causal = true,
            };
            blocks.Add(new BlockSpec
            {
                Kind = "residual",
                Name = $"level{level}",
                Blocks =
                [
                    Convolution(0), .. Norm(spec, "norm0", channels), Activation(spec), .. Dropout(spec),
                    Convolution(1), .. Norm(spec, "norm1", channels), Activation(spec), .. Dropout(spec),
                ],
                Shortcut = inputs == channels ? null : [new BlockSpec { Kind = "linear", Name = "projection", Width = channels }],
            });
            blocks.Add(Activation(spec));
            inputs = channels;
        }

        return [.. blocks, .. Pool(spec, ends)];
    }

    private static List<BlockSpec> Autoencoder(NetworkSpec spec, NetworkEnds ends)
    {
        SpecCheck.Require(ends.Head == "reconstruction", $"network.family 'autoencoder' gives its input back, and head '{ends.Head}' does not take that. Set the head to 'reconstruction'.");
        SpecCheck.Require(ends.Input.Kind is not Tokens, "network.family 'autoencoder' does not take text. Take family 'gpt' with head 'next-token'.");
        SpecCheck.Require(
            spec.Channels is null || ends.Input.Kind is BlockShapeKind.Image, $"network.channels belongs to images, and {ends.Input} comes in. Take it out, and set network.hidden.");
        return spec.Channels is null ? DenseAutoencoder(spec, ends.Input) : ConvolutionalAutoencoder(spec, ends.Input);
    }

    private static List<BlockSpec> DenseAutoencoder(NetworkSpec spec, BlockShape input)
    {
        List<BlockSpec> blocks = input.Kind is Row ? [] : [new BlockSpec { Kind = "flatten" }];
        foreach (var (index, width) in spec.Hidden!.Index())
        {
            blocks.AddRange([Linear($"encoder{index}", width), .. Norm(spec, $"encoderNorm{index}", width), Activation(spec), .. Dropout(spec)]);
        }

        blocks.Add(Linear(NetworkPlan.EmbeddingBlock, spec.Embedding!.Value));
        foreach (var (index, width) in spec.Hidden!.Reverse().Index())
        {
            blocks.AddRange([Linear($"decoder{index}", width), .. Norm(spec, $"decoderNorm{index}", width), Activation(spec), .. Dropout(spec)]);
        }

        blocks.Add(Linear("output", checked((int)input.Count)));
        if (input.Kind is not Row)
        {
            blocks.Add(new BlockSpec { Kind = "reshape", Shape = [.. input.Sizes.Select(size => (int)size)] });
        }

        return blocks;
    }

    private static List<BlockSpec> ConvolutionalAutoencoder(NetworkSpec spec, BlockShape input)
    {
        List<BlockSpec> blocks = [];
        List<(int Height, int Width)> sides = [((int)input.Sizes[1], (int)input.Sizes[2])];
        foreach (var (index, channels) in spec.Channels!.Index())
        {
            var (height, width) = sides[^1];
            blocks.AddRange([Convolution(spec, $"encoder{index}", channels, spec.Kernel!.Value, 2), .. Norm(spec, $"encoderNorm{index}", channels), Activation(spec), .. Dropout(spec)]);
            sides.Add(((height + 1) / 2, (width + 1) / 2));
        }

        var (deepest, last) = (spec.Channels![^1], sides[^1]);
        blocks.Add(new BlockSpec { Kind = "flatten" });
        blocks.AddRange(spec.Hidden!.Index().SelectMany(layer => new[] { Linear($"encoderHidden{layer.Index}", layer.Item), Activation(spec) }));
        blocks.Add(Linear(NetworkPlan.EmbeddingBlock, spec.Embedding!.Value));
        blocks.AddRange(spec.Hidden!.Reverse().Index().SelectMany(layer => new[] { Linear($"decoderHidden{layer.Index}", layer.Item), Activation(spec) }));
        blocks.AddRange([Linear("unfold", deepest * last.Height * last.Width), Activation(spec), new BlockSpec { Kind = "reshape", Shape = [deepest, last.Height, last.Width] }]);
        for (var index = spec.Channels.Count - 1; index >= 0; index--)
        {
            var (channels, side) = (index == 0 ? (int)input.Width : spec.Channels[index - 1], sides[index]);
            blocks.Add(new BlockSpec { Kind = "upsample", Shape = [side.Height, side.Width] });
            if (index == 0)
            {
                blocks.Add(new BlockSpec { Kind = "convolution", Name = "output", Channels = channels, Kernel = spec.Kernel });
            }
            else
            {
                blocks.AddRange([Convolution(spec, $"decoder{index}", channels, spec.Kernel!.Value), .. Norm(spec, $"decoderNorm{index}", channels), Activation(spec), .. Dropout(spec)]);
            }
        }

        return blocks;
    }

    /// <summary>What makes a series of the input: tokens are embedded, the columns of a row become steps.</summary>
    private static List<BlockSpec> AsSeries(NetworkSpec spec, NetworkEnds ends)
    {
        if (ends.Input.Kind is Row)
        {
            var steps = Steps(spec, ends.Input);
            return [new BlockSpec { Kind = "reshape", Shape = [steps, checked((int)(ends.Input.Width / steps))] }];
        }

        SpecCheck.Require(spec.Steps is null, $"network.steps belongs to rows of a table, and {ends.Input} comes in. Take it out.");
        return ends.Input.Kind switch
        {
            Series => [],
            Tokens => [new BlockSpec { Kind = "embedding", Name = "tokens", Width = spec.Embedding ?? spec.Width }],
            _ => throw new InvalidException($"network.family '{spec.Family}' takes text, series and table rows, and {ends.Input} comes in. Take family 'cnn', 'resnet' or 'separable'."),
        };
    }

    private static int Steps(NetworkSpec spec, BlockShape row)
    {
        var steps = spec.Steps ?? row.Width;
        SpecCheck.Require(row.Width % steps == 0, $"network.steps is {steps}, which does not divide the {row.Width} numbers of a row.");
        return checked((int)steps);
    }

    private static List<BlockSpec> Pool(NetworkSpec spec, NetworkEnds ends) =>
        HeadBlocks.IsPerStep(ends.Head) ? [] : [new BlockSpec { Kind = "globalPool", By = spec.Pooling }];

    /// <summary>A norm adds what a bias would: convolutions before one have none.</summary>
    private static BlockSpec Convolution(NetworkSpec spec, string name, int channels, int kernel, int stride = 1) =>
        new() { Kind = "convolution", Name = name, Channels = channels, Kernel = kernel, Stride = stride, Bias = spec.Norm == "none" };

    private static BlockSpec Linear(string name, int width) => new() { Kind = "linear", Name = name, Width = width };

    private static BlockSpec Activation(NetworkSpec spec) => new() { Kind = "activation", By = spec.Activation };

    private static BlockSpec[] Dropout(NetworkSpec spec) => spec.Dropout > 0 ? [new BlockSpec { Kind = "dropout", Share = spec.Dropout }] : [];

    private static BlockSpec[] Norm(NetworkSpec spec, string name, int channels) => spec.Norm switch
    {
        "none" => [],
        "group" => [new BlockSpec { Kind = "norm", Name = name, By = "group", Groups = GroupsOf(channels) }],
        _ => [new BlockSpec { Kind = "norm", Name = name, By = spec.Norm }],
    };

    /// <summary>The greatest number up to 8 that divides the channels into groups of at least 4: fewer say little of their spread.</summary>
    private static int GroupsOf(int channels) => Enumerable.Range(1, 8).Last(groups => groups == 1 || (channels % groups == 0 && channels / groups >= 4));
}
