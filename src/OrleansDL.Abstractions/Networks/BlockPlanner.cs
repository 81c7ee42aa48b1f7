using OrleansDL.Training;
using static OrleansDL.Networks.BlockShapeKind;

namespace OrleansDL.Networks;

/// <summary>Follows a row's shape through blocks, decides every default and counts the parameters, without a tensor.</summary>
/// <param name="vocabulary">Number of token ids, padding and unknown included; null when the input is no text.</param>
/// <param name="cardinalities">Number of values of each categorical column; they stand last in a row.</param>
internal sealed class BlockPlanner(long? vocabulary, IReadOnlyList<long> cardinalities)
{
    /// <summary>Blocks in their order; the first takes <paramref name="input"/>.</summary>
    /// <param name="path">JSON path of the block of that number, for messages.</param>
    /// <param name="prefix">What the names of blocks begin with.</param>
    /// <exception cref="InvalidException">A block cannot take what comes to it.</exception>
    public List<PlannedBlock> Plan(IReadOnlyList<BlockSpec> blocks, BlockShape input, Func<int, string> path, string prefix = "")
    {
        List<PlannedBlock> planned = [];
        foreach (var (index, block) in blocks.Index())
        {
            var next = Plan(WithDefaults(block), input, path(index), $"{prefix}{block.Name ?? $"block{index}"}");
            planned.Add(next);
            input = next.Output;
        }

        return planned;
    }

    /// <summary>Width of a categorical column's embedding where none is asked for.</summary>
    public static long WidthOf(long values, int? asked) => asked ?? Math.Min(50, (values + 1) / 2);

    private static BlockSpec WithDefaults(BlockSpec block) => block with
    {
        By = block.By ?? BlockKind.Find(block.Kind)!.By.FirstOrDefault(),
        Kernel = block.Kernel ?? block.Kind switch { "convolution" => 3, "pool" => 2, _ => null },
        Stride = block.Stride ?? block.Kind switch { "convolution" => 1, "pool" => block.Kernel ?? 2, _ => null },
        Dilation = block.Dilation ?? 1,
        Groups = block.Groups ?? (block.Kind == "norm" ? 8 : 1),
        Bias = block.Bias ?? true,
    };

    private PlannedBlock Plan(BlockSpec block, BlockShape input, string path, string name)
    {
        if (block.Kind == "residual")
        {
            return Residual(block, input, path, name);
        }

        try
        {
            var (output, parameters) = block.Kind switch
            {
                "linear" => Linear(block, Needs(input, path, block, Row, Series)),
                "convolution" => Convolution(block, Needs(input, path, block, Image, Series), path),
                "activation" or "dropout" => (Needs(input, path, block, Row, Image, Series), 0),
                "norm" => (Norm(block, input, path), input.Width * 2),
                "pool" => (Pool(block, Needs(input, path, block, Image), path), 0),
                "globalPool" => (GlobalPool(block, Needs(input, path, block, Image, Series), path), 0),
                "flatten" => (Flatten(block, input, path), 0),
                "reshape" => (Reshape(block, input, path), 0),
                "upsample" => (Upsample(block, Needs(input, path, block, Image), path), 0),
                "embedding" => (BlockShape.Series(Needs(input, path, block, Tokens).Sizes[0], block.Width!.Value, padded: true), Table(block)),
                "tokenMean" => (TokenMean(block, Needs(input, path, block, Tokens)), Table(block)),
                "categories" => Categories(block, Needs(input, path, block, Row), path),
                "positions" => (Needs(input, path, block, Series), block.By == "learnt" ? input.Count : 0),
                "attention" => Attention(block, Needs(input, path, block, Series), path),
                "recurrent" => Recurrent(block, Needs(input, path, block, Series)),
                "normalize" => (Needs(input, path, block, Row, Series), 0L),
                _ => throw new InvalidException($"{path}.kind '{block.Kind}' is unknown. Kinds: {string.Join(", ", BlockKind.Names)}."),
            };
            return new PlannedBlock { Spec = block, Name = name, Input = input, Output = output, Parameters = parameters };
        }
        catch (OverflowException)
        {
            throw new InvalidException($"{path} makes more values than there can be. Lower its sizes.");
        }
    }

    private static BlockShape TokenMean(BlockSpec block, BlockShape input) => input with { Kind = Row, Sizes = [block.Width!.Value] };

    private long Table(BlockSpec block) => checked(vocabulary!.Value * block.Width!.Value);

    private PlannedBlock Residual(BlockSpec block, BlockShape input, string path, string name)
    {
        var blocks = Plan(block.Blocks!, input, index => $"{path}.blocks[{index}]", $"{name}.");
        var shortcut = Plan(block.Shortcut ?? [], input, index => $"{path}.shortcut[{index}]", $"{name}.shortcut.");
        var (output, added) = (blocks[^1].Output, shortcut.Count == 0 ? input : shortcut[^1].Output);
        return output.Fits(added)
            ? new PlannedBlock { Spec = block, Name = name, Input = input, Output = output, Parameters = 0, Blocks = blocks, Shortcut = shortcut }
            : throw new InvalidException(
                $"{path} cannot add {added} to {output}. Let blocks keep the shape, or give blocks as shortcut that make the input of the same shape.");
    }

    private static (BlockShape, long) Linear(BlockSpec block, BlockShape input)
    {
        var parameters = checked((input.Width + (block.Bias!.Value ? 1 : 0)) * block.Width!.Value);
        return (input with { Sizes = [.. input.Sizes.SkipLast(1), block.Width.Value] }, parameters);
    }

    private static (BlockShape, long) Convolution(BlockSpec block, BlockShape input, string path)
    {
        var (groups, kernel, channels) = (block.Groups!.Value, block.Kernel!.Value, block.Channels!.Value);
        Require(input.Width % groups == 0, $"{path}.groups is {groups}, which does not divide the {input.Width} channels that come in.");
        Require(channels % groups == 0, $"{path}.channels is {channels}, which groups {groups} does not divide.");
        var taps = input.Kind is Image ? kernel * kernel : kernel;
        var parameters = checked(((input.Width / groups * taps) + (block.Bias!.Value ? 1 : 0)) * channels);
        if (input.Kind is Series)
        {
            Require(block.Stride == 1, $"{path}.stride is {block.Stride}. A convolution of a series has stride 1.");
            return (input with { Sizes = [input.Sizes[0], channels] }, parameters);
        }

        Require(block.Causal is not true, $"{path}.causal belongs to series, and an image comes in. Take it out.");
        var stride = block.Stride!.Value;
        return (BlockShape.Image(channels, (input.Sizes[1] - 1) / stride + 1, (input.Sizes[2] - 1) / stride + 1), parameters);
    }

    private static BlockShape Norm(BlockSpec block, BlockShape input, string path)
    {
        Needs(input, path, block, Row, Image, Series);
        if (block.By == "group")
        {
            Require(input.Kind is Image, $"{path}.by 'group' takes images, and {input} comes in. Take 'layer'.");
            Require(input.Width % block.Groups!.Value == 0, $"{path}.groups is {block.Groups}, which does not divide the {input.Width} channels that come in.");
        }

        return input;
    }

    private static BlockShape Pool(BlockSpec block, BlockShape input, string path)
    {
        var (kernel, stride) = (block.Kernel!.Value, block.Stride!.Value);
        var padding = PaddingOf(kernel);
        long After(long size) => ((size + (2 * padding) - kernel) / stride) + 1;
        Require(
            input.Sizes[1] + (2 * padding) >= kernel && input.Sizes[2] + (2 * padding) >= kernel,
            $"{path}.kernel is {kernel}, and {input} comes in: no square of it fits. Pool less, or earlier.");
        return BlockShape.Image(input.Width, After(input.Sizes[1]), After(input.Sizes[2]));
    }

    /// <summary>Zeros on each side: an odd kernel keeps the size.</summary>
    public static int PaddingOf(int kernel) => kernel % 2 == 1 ? kernel / 2 : 0;

    private static BlockShape GlobalPool(BlockSpec block, BlockShape input, string path)
    {
        Require(input.Kind is Series || block.By is "mean" or "max", $"{path}.by '{block.By}' takes a series, and {input} comes in. Take 'mean' or 'max'.");
        return BlockShape.Row(input.Width);
    }

    private static BlockShape Flatten(BlockSpec block, BlockShape input, string path)
    {
        Needs(input, path, block, Row, Image, Series);
        Require(!input.IsPadded, $"{path} cannot flatten a series of text: its length varies. Take globalPool.");
        return BlockShape.Row(input.Count);
    }

    private static BlockShape Reshape(BlockSpec block, BlockShape input, string path)
    {
        Needs(input, path, block, Row, Image, Series);
        var shape = BlockShape.Of([.. block.Shape!.Select(size => (long)size)], tokens: false);
        Require(!input.IsPadded, $"{path} cannot reshape a series of text: its length varies.");
        Require(shape.Count == input.Count, $"{path}.shape makes {shape.Count} values of {input}, which has {input.Count}.");
        return shape;
    }

    private static BlockShape Upsample(BlockSpec block, BlockShape input, string path)
    {
        var (height, width) = (input.Sizes[1] * 2, input.Sizes[2] * 2);
        if (block.Shape is { } shape)
        {
            Require(shape[0] <= height && shape[1] <= width, $"{path}.shape is [{shape[0]}, {shape[1]}], and twice the size is [{height}, {width}]. It can only be cut.");
            (height, width) = (shape[0], shape[1]);
        }

        return BlockShape.Image(input.Width, height, width);
    }

    private (BlockShape, long) Categories(BlockSpec block, BlockShape input, string path)
    {
        Require(cardinalities.Count > 0, $"{path} needs categorical columns. Set network.categorical to 'embedding', and train on a table with columns of text.");
        var widths = cardinalities.Select(values => WidthOf(values, block.Width)).ToArray();
        var parameters = cardinalities.Zip(widths).Sum(column => checked(column.First * column.Second));
        return (BlockShape.Row(input.Width - cardinalities.Count + widths.Sum()), parameters);
    }

    private static (BlockShape, long) Attention(BlockSpec block, BlockShape input, string path)
    {
        Require(input.Width % block.Heads!.Value == 0, $"{path}.heads is {block.Heads}, which does not divide the width {input.Width}.");
        return (input, checked(4 * input.Width * (input.Width + 1)));
    }

    private static (BlockShape, long) Recurrent(BlockSpec block, BlockShape input)
    {
        var (width, directions) = (block.Width!.Value, block.Bidirectional is true ? 2 : 1);
        var (gates, biases) = block.By == "lstm" ? (4L, 4L) : (3L, 6L);
        var parameters = checked(directions * width * ((gates * (input.Width + width)) + biases));
        return (input with { Sizes = [input.Sizes[0], (long)directions * width] }, parameters);
    }

    private static BlockShape Needs(BlockShape input, string path, BlockSpec block, params BlockShapeKind[] kinds) => kinds.Contains(input.Kind)
        ? input
        : throw new InvalidException(
            $"{path} is of kind '{block.Kind}', which takes {string.Join(" or ", kinds.Select(Article))}, and {input} comes in.{Advice(block.Kind, input.Kind)}");

    private static string Article(BlockShapeKind kind) => kind switch
    {
        Row => "a row",
        Image => "an image",
        Series => "a series",
        _ => "tokens",
    };

    private static string Advice(string kind, BlockShapeKind input) => (kind, input) switch
    {
        (_, Tokens) => " Begin with embedding.",
        ("linear", Image) => " Put flatten or globalPool before it.",
        (_, Row) when kind is "positions" or "attention" or "recurrent" => " Put reshape to [steps, width] before it.",
        _ => "",
    };

    private static void Require(bool condition, string message) => SpecCheck.Require(condition, message);
}
