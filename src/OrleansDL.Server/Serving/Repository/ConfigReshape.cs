using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.Repository;

/// <summary>A configuration's <c>reshape</c> of inputs and outputs.</summary>
internal static class ConfigReshape
{
    /// <summary>By the tensor's name; null without any.</summary>
    /// <exception cref="InvalidException">The two shapes cannot hold the same elements.</exception>
    public static IReadOnlyDictionary<string, TensorReshape>? Of(ModelConfig config)
    {
        var all = config.Input.Select(input => (input.Name, input.Dims, input.Reshape))
            .Concat(config.Output.Select(output => (output.Name, output.Dims, output.Reshape)))
            .Where(tensor => tensor.Reshape is not null).ToList();
        return all.Count == 0 ? null : all.ToDictionary(tensor => tensor.Name, tensor => Of(tensor.Name, [.. tensor.Dims], [.. tensor.Reshape!.Shape]), StringComparer.Ordinal);
    }

    /// <summary>The model's sizes for sizes that fit what callers see.</summary>
    public static IReadOnlyList<long> Fill(IReadOnlyList<long> seen, IReadOnlyList<long> own, IReadOnlyList<long> given) =>
        Reshaping.Fill(new TensorReshape { Seen = [.. seen], Own = [.. own] }, given);

    private static TensorReshape Of(string name, long[] seen, long[] own)
    {
        // Between open sizes the same elements lie on both sides.
        if (!Products(seen).SequenceEqual(Products(own)))
        {
            throw new InvalidException($"tensor '{name}' has different size for dims and reshape: [{string.Join(',', seen)}] and [{string.Join(',', own)}]");
        }

        return new TensorReshape { Seen = seen, Own = own };
    }

    private static List<long> Products(long[] shape)
    {
        List<long> products = [1];
        foreach (var size in shape)
        {
            if (size < 0)
            {
                products.Add(1);
            }
            else
            {
                products[^1] *= size;
            }
        }

        return products;
    }
}
