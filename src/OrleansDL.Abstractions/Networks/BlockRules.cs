using OrleansDL.Training;
using static OrleansDL.Training.SpecCheck;

namespace OrleansDL.Networks;

/// <summary>What a list of blocks must keep to whatever goes in; shapes are the planner's.</summary>
internal static class BlockRules
{
    private const int GreatestDepth = 8;
    private const int GreatestLength = 500;

    /// <exception cref="InvalidException">The message begins with the JSON path of what is wrong.</exception>
    public static void Check(IReadOnlyList<BlockSpec>? blocks, string path, int depth = 1)
    {
        Require(blocks is { Count: > 0 }, $"{path} is empty. Give a list of blocks, for example [{{\"kind\": \"linear\", \"width\": 64}}].");
        Require(depth <= GreatestDepth, $"{path} lies {depth} lists deep. The most is {GreatestDepth}.");
        Range($"{path}.length", blocks!.Count, 1, GreatestLength);
        foreach (var (index, block) in blocks.Index())
        {
            Require(block is not null, $"{path}[{index}] is null. Give a block or take it out.");
            CheckBlock(block!, $"{path}[{index}]", depth);
        }

        var names = blocks.Where(block => block.Name is not null).GroupBy(block => block.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1);
        Require(names is null, $"{path} has two blocks named '{names?.Key}'. Names are unique in a list.");
    }

    private static void CheckBlock(BlockSpec block, string path, int depth)
    {
        OneOf($"{path}.kind", block.Kind, BlockKind.Names, "Kinds");
        var kind = BlockKind.Find(block.Kind)!;
        foreach (var option in Given(block).Where(option => !kind.Options.Contains(option)))
        {
            throw new InvalidException(kind.Options.Length == 0
                ? $"{path}.{option} does not belong to kind '{block.Kind}', which takes no option. Take it out."
                : $"{path}.{option} does not belong to kind '{block.Kind}'. It takes {string.Join(", ", kind.Options)}.");
        }

        if (block.Name is not null)
        {
            Require(IsName(block.Name), $"{path}.name '{block.Name}' is no name. Give 1 to 64 letters, digits, '-' and '_'.");
        }

        if (block.By is not null)
        {
            OneOf($"{path}.by", block.By, kind.By, "Choices");
        }

        CheckNumbers(block, path);
        Needs(block.Width, "width", block.Kind is "linear" or "embedding" or "tokenMean" or "recurrent", block.Kind, path);
        Needs(block.Channels, "channels", block.Kind == "convolution", block.Kind, path);
        Needs(block.Heads, "heads", block.Kind == "attention", block.Kind, path);
        Needs(block.Share, "share", block.Kind == "dropout", block.Kind, path);
        Needs(block.Shape, "shape", block.Kind == "reshape", block.Kind, path);
        CheckShape(block, path);
        if (block.Kind == "residual")
        {
            Check(block.Blocks, $"{path}.blocks", depth + 1);
            if (block.Shortcut is not null)
            {
                Check(block.Shortcut, $"{path}.shortcut", depth + 1);
            }
        }
    }

    private static void CheckNumbers(BlockSpec block, string path)
    {
        Range($"{path}.width", block.Width, 1, 65_536);
        Range($"{path}.channels", block.Channels, 1, 65_536);
        Range($"{path}.kernel", block.Kernel, block.Kind == "pool" ? 2 : 1, 31);
        Require(block.Kind == "pool" || block.Kernel is null || block.Kernel % 2 == 1, $"{path}.kernel is {block.Kernel}. Give an odd number from 1 to 31.");
        Range($"{path}.stride", block.Stride, 1, 31);
        Range($"{path}.dilation", block.Dilation, 1, 4096);
        Range($"{path}.groups", block.Groups, 1, 65_536);
        Range($"{path}.heads", block.Heads, 1, 128);
        Range($"{path}.share", block.Share, 0, 0.9);
        Require(block.Groups is null || block.Kind != "norm" || block.By == "group", $"{path}.groups belongs to by 'group'. Set by to it, or take groups out.");
    }

    private static void CheckShape(BlockSpec block, string path)
    {
        if (block.Shape is { } shape)
        {
            var (least, most) = block.Kind == "upsample" ? (2, 2) : (1, 3);
            Range($"{path}.shape.length", shape.Count, least, most);
            foreach (var (index, size) in shape.Index())
            {
                Range($"{path}.shape[{index}]", size, 1, 16_777_216);
            }
        }
    }

    private static void Needs<T>(T? option, string name, bool needed, string kind, string path) =>
        Require(!needed || option is not null, $"{path}.{name} is missing. Kind '{kind}' needs it.");

    private static bool IsName(string name) =>
        name.Length is > 0 and <= 64 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_');

    private static IEnumerable<string> Given(BlockSpec block) => new (string Name, object? Value)[]
    {
        ("width", block.Width), ("channels", block.Channels), ("kernel", block.Kernel), ("stride", block.Stride), ("dilation", block.Dilation),
        ("groups", block.Groups), ("bias", block.Bias), ("causal", block.Causal), ("by", block.By), ("heads", block.Heads), ("share", block.Share),
        ("bidirectional", block.Bidirectional), ("shape", block.Shape), ("blocks", block.Blocks), ("shortcut", block.Shortcut),
    }.Where(option => option.Value is not null).Select(option => option.Name);
}
