using OrleansDL.Training;

namespace OrleansDL.Networks;

/// <summary>Turns a definition into blocks: one method per family.</summary>
internal static class NetworkFamilies
{
    /// <summary>Beyond this many values after the convolutions the mean of each channel is taken in their place.</summary>
    private const long GreatestFlattened = 16_384;

    /// <summary>Fills in the family's defaults.</summary>
    public static NetworkSpec WithDefaults(NetworkSpec spec) => spec.Family switch
    {
        "mlp" => spec with { Hidden = spec.Hidden ?? [64], Dropout = spec.Dropout ?? 0, Activation = spec.Activation ?? "relu" },
        "cnn" => spec with
        {
            Hidden = spec.Hidden ?? [64],
            Channels = spec.Channels ?? [16, 32],
            Kernel = spec.Kernel ?? 3,
            Dropout = spec.Dropout ?? 0.1,
            Activation = spec.Activation ?? "relu",
            BatchNorm = spec.BatchNorm ?? true,
        },
        "textbag" => spec with
        {
            Hidden = spec.Hidden ?? [64],
            Embedding = spec.Embedding ?? 64,
            Dropout = spec.Dropout ?? 0.1,
            Activation = spec.Activation ?? "relu",
        },
        _ => throw new InvalidException($"network.family '{spec.Family}' is unknown. Families: mlp, cnn, textbag."),
    };

    public static List<Block> Build(NetworkDefinition definition, ParameterPlan plan) => definition.Network.Family switch
    {
        "mlp" => Mlp(definition, plan),
        "cnn" => Cnn(definition, plan),
        "textbag" => TextBag(definition, plan),
        _ => throw new InvalidException($"network.family '{definition.Network.Family}' is unknown. Families: mlp, cnn, textbag."),
    };

    private static List<Block> Mlp(NetworkDefinition definition, ParameterPlan plan)
    {
        List<Block> blocks = [];
        if (definition.Input.Count > 1)
        {
            blocks.Add(new FlattenBlock());
        }

        AddHead(blocks, definition, plan, definition.Input.Aggregate(1L, (product, size) => product * size));
        return blocks;
    }

    private static List<Block> Cnn(NetworkDefinition definition, ParameterPlan plan)
    {
        if (definition.Input.Count != 3)
        {
            throw new InvalidException("network.family 'cnn' needs images. Set input.kind to 'image' with input.height and input.width, or take family 'mlp'.");
        }

        var spec = definition.Network;
        List<Block> blocks = [];
        var (channels, height, width) = (definition.Input[0], definition.Input[1], definition.Input[2]);
        foreach (var (index, outputs) in spec.Channels!.Index())
        {
            plan.For($"convolution{index}");
            blocks.Add(new ConvolutionBlock(plan, channels, outputs, spec.Kernel!.Value));
            if (spec.BatchNorm is true)
            {
                blocks.Add(new BatchNormBlock(plan.For($"norm{index}"), outputs));
            }

            blocks.Add(new ActivationBlock(spec.Activation!));
            channels = outputs;
            if (Math.Min(height, width) >= 2)
            {
                blocks.Add(new MaxPoolBlock());
                (height, width) = (height / 2, width / 2);
            }
        }

        var flatten = channels * height * width <= GreatestFlattened;
        blocks.Add(flatten ? new FlattenBlock() : new GlobalPoolBlock());
        AddHead(blocks, definition, plan, flatten ? channels * height * width : channels);
        return blocks;
    }

    private static List<Block> TextBag(NetworkDefinition definition, ParameterPlan plan)
    {
        if (definition.Vocabulary is not { } vocabulary)
        {
            throw new InvalidException("network.family 'textbag' needs text. Set input.kind to 'text', or take family 'mlp' or 'cnn'.");
        }

        List<Block> blocks = [new TokenMeanBlock(plan.For("tokens"), vocabulary, definition.Network.Embedding!.Value)];
        AddHead(blocks, definition, plan, definition.Network.Embedding!.Value);
        return blocks;
    }

    /// <summary>The fully connected layers and the output.</summary>
    private static void AddHead(List<Block> blocks, NetworkDefinition definition, ParameterPlan plan, long inputs)
    {
        var spec = definition.Network;
        foreach (var (index, outputs) in spec.Hidden!.Index())
        {
            blocks.Add(new LinearBlock(plan.For($"hidden{index}"), inputs, outputs));
            blocks.Add(new ActivationBlock(spec.Activation!));
            if (spec.Dropout > 0)
            {
                blocks.Add(new DropoutBlock(spec.Dropout!.Value));
            }

            inputs = outputs;
        }

        blocks.Add(new LinearBlock(plan.For("output"), inputs, definition.Classes));
    }
}
