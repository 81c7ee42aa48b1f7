using OrleansDL.Data;
using OrleansDL.Networks;
using OrleansDL.Training;

namespace OrleansDL.Tests.Networks;

/// <summary>Lists of blocks that fit an input, with residuals in them, and end in a row.</summary>
internal sealed class RandomBlocks(Xoshiro random)
{
    public List<BlockSpec> Next(long[] input, bool text)
    {
        List<BlockSpec> blocks = text ? [new BlockSpec { Kind = "embedding", Width = Width() * 2 }] : [];
        var kind = text || input.Length == 2 ? BlockShapeKind.Series : input.Length == 3 ? BlockShapeKind.Image : BlockShapeKind.Row;
        for (var count = (int)random.Next(5); count >= 0; count--)
        {
            blocks.AddRange(Some(kind));
            if (random.Next(3) == 0)
            {
                blocks.Add(Residual(kind));
            }
        }

        if (kind is not BlockShapeKind.Row)
        {
            blocks.Add(new BlockSpec { Kind = "globalPool", By = Pick(kind is BlockShapeKind.Image ? ["mean", "max"] : BlockKind.Poolings) });
        }

        return blocks;
    }

    private BlockSpec[] Some(BlockShapeKind kind) => kind switch
    {
        BlockShapeKind.Row => Pick<BlockSpec[]>(
        [
            [new BlockSpec { Kind = "linear", Width = Width(), Bias = random.Next(2) == 0 }],
            [new BlockSpec { Kind = "activation", By = Pick(BlockKind.Activations) }],
            [new BlockSpec { Kind = "norm", By = Pick(["batch", "layer"]) }],
            [new BlockSpec { Kind = "dropout", Share = 0.5 }],
        ]),
        BlockShapeKind.Image => Pick<BlockSpec[]>(
        [
            [new BlockSpec { Kind = "convolution", Channels = Width() * 2, Kernel = Pick([1, 3, 5]), Stride = Pick([1, 2]), Dilation = Pick([1, 2]) }],
            [new BlockSpec { Kind = "convolution", Channels = 4 }, new BlockSpec { Kind = "convolution", Channels = 8, Groups = Pick([1, 2, 4]), Bias = false }],
            [new BlockSpec { Kind = "activation", By = Pick(BlockKind.Activations) }],
            [new BlockSpec { Kind = "convolution", Channels = 6 }, new BlockSpec { Kind = "norm", By = "group", Groups = Pick([1, 2, 3, 6]) }],
            [new BlockSpec { Kind = "norm", By = Pick(["batch", "layer"]) }],
            [new BlockSpec { Kind = "pool", By = Pick(["max", "mean"]), Kernel = 3, Stride = Pick([1, 2]) }],
            [new BlockSpec { Kind = "upsample" }, new BlockSpec { Kind = "pool", By = Pick(["max", "mean"]) }],
        ]),
        _ => Pick<BlockSpec[]>(
        [
            [new BlockSpec { Kind = "linear", Width = Width() }],
            [new BlockSpec { Kind = "convolution", Channels = Width(), Dilation = Pick([1, 2, 3]), Causal = random.Next(2) == 0 }],
            [new BlockSpec { Kind = "recurrent", By = Pick(["lstm", "gru"]), Width = Width(), Bidirectional = random.Next(2) == 0 }],
            [new BlockSpec { Kind = "linear", Width = 6 }, new BlockSpec { Kind = "attention", Heads = Pick([1, 2, 3]), Causal = random.Next(2) == 0 }],
            [new BlockSpec { Kind = "positions", By = Pick(["learnt", "sinusoidal"]) }],
            [new BlockSpec { Kind = "norm", By = Pick(["batch", "layer"]) }],
            [new BlockSpec { Kind = "activation", By = Pick(BlockKind.Activations) }],
            [new BlockSpec { Kind = "normalize" }],
        ]),
    };

    private BlockSpec Residual(BlockShapeKind kind)
    {
        BlockSpec Map(int width) => kind is BlockShapeKind.Image
            ? new BlockSpec { Kind = "convolution", Channels = width, Kernel = Pick([1, 3]) }
            : new BlockSpec { Kind = "linear", Width = width };
        var width = Width();
        return new BlockSpec
        {
            Kind = "residual",
            Blocks = [Map(Width()), new BlockSpec { Kind = "activation", By = Pick(BlockKind.Activations) }, Map(width)],
            Shortcut = [Map(width)],
        };
    }

    private int Width() => 1 + (int)random.Next(7);

    private T Pick<T>(T[] among) => among[random.Next((ulong)among.Length)];
}
