using OrleansDL.Training;
using static OrleansDL.Networks.BlockShapeKind;

namespace OrleansDL.Networks;

/// <summary>The last blocks of a network: the fully connected layers of its family and the output of its head.</summary>
internal static class HeadBlocks
{
    private static readonly string[] PerStep = ["sequence", "next-token"];
    private static readonly string[] Known = ["label", "labels", "regression", "sequence", "next-token", "embedding", "reconstruction"];

    /// <summary>Whether the head answers for every step, so that steps are not pooled.</summary>
    public static bool IsPerStep(string head) => PerStep.Contains(head);

    /// <param name="value">What the family's own blocks give.</param>
    public static List<BlockSpec> Of(NetworkSpec spec, NetworkEnds ends, BlockShape value)
    {
        SpecCheck.OneOf("head", ends.Head, Known, "Heads");
        if (ends.Head == "reconstruction")
        {
            return [];
        }

        var wanted = IsPerStep(ends.Head) ? Series : Row;
        SpecCheck.Require(
            value.Kind == wanted,
            $"network gives {value}, and head '{ends.Head}' takes {(wanted is Row ? "a row: end network.blocks with globalPool or flatten" : "a series: take a family of series without pooling")}.");
        List<BlockSpec> blocks = [];
        foreach (var (index, width) in (spec.Hidden ?? []).Index())
        {
            blocks.Add(new BlockSpec { Kind = "linear", Name = $"hidden{index}", Width = width });
            blocks.Add(new BlockSpec { Kind = "activation", By = spec.Activation });
            if (spec.Dropout > 0)
            {
                blocks.Add(new BlockSpec { Kind = "dropout", Share = spec.Dropout });
            }
        }

        blocks.Add(new BlockSpec { Kind = "linear", Name = "output", Width = checked((int)ends.Outputs) });
        if (ends.Head == "embedding")
        {
            blocks.Add(new BlockSpec { Kind = "normalize" });
        }

        return blocks;
    }

    public static void CheckOutput(NetworkSpec spec, NetworkEnds ends, BlockShape output) => SpecCheck.Require(
        ends.Head != "reconstruction" || output.Fits(ends.Input),
        $"network.family '{spec.Family}' gives {output}, and head 'reconstruction' needs the input back, {ends.Input}. Take family 'autoencoder', or let network.blocks end with that shape.");
}
