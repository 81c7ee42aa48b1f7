using OrleansDL.Data;
using OrleansDL.Networks;
using OrleansDL.Training;

namespace OrleansDL.Tests.Networks;

/// <summary>Networks that are a function of a seed: a family, its options, an input and a head that fit together.</summary>
internal sealed class RandomSpecs(ulong seed)
{
    private readonly Xoshiro _random = new(seed);

    public static readonly string[] Families = ["mlp", "cnn", "resnet", "separable", "textbag", "encoder", "gpt", "lstm", "gru", "tcn", "autoencoder", "blocks"];

    public NetworkDefinition Next(string family)
    {
        var head = Pick(Heads(family));
        var (input, vocabulary) = Input(family);
        var spec = Spec(family, input, vocabulary is not null);
        var categorical = family == "mlp" && input.Length == 1 && _random.Next(2) == 0 ? new CategoricalColumns { Cardinalities = [3, 7] } : null;
        if (family == "blocks")
        {
            (spec, head) = (spec with { Blocks = new RandomBlocks(_random).Next(input, vocabulary is not null) }, Pick(["label", "labels", "regression", "embedding"]));
        }

        return new NetworkDefinition
        {
            Network = NetworkFamilies.WithDefaults(spec with { Categorical = categorical is null ? null : "embedding" }),
            Input = input,
            Vocabulary = vocabulary,
            Classes = head == "next-token" ? (int)vocabulary!.Value : (int)Between(1, 6),
            Head = head,
            Categorical = categorical,
        };
    }

    private static string[] Heads(string family) => family switch
    {
        "gpt" => ["next-token", "label", "sequence"],
        "encoder" or "lstm" or "gru" or "tcn" => ["label", "labels", "regression", "sequence", "embedding"],
        "autoencoder" => ["reconstruction"],
        _ => ["label", "labels", "regression", "embedding"],
    };

    private (long[] Input, long? Vocabulary) Input(string family) => family switch
    {
        "cnn" or "separable" or "resnet" => ([Pick([1, 3]), Between(8, 20), Between(8, 20)], null),
        "textbag" or "gpt" => ([Between(1, 20)], Between(3, 60)),
        "encoder" or "lstm" or "gru" or "tcn" => _random.Next(3) switch
        {
            0 => ([12], null),
            1 => ([Between(2, 12), Between(1, 5)], null),
            _ => ([Between(1, 20)], Between(3, 60)),
        },
        "blocks" => _random.Next(4) switch
        {
            0 => ([Between(2, 12)], null),
            1 => ([Between(2, 12), Between(1, 5)], null),
            2 => ([Between(1, 20)], Between(3, 60)),
            _ => ([Between(1, 3), Between(8, 20), Between(8, 20)], null),
        },
        "autoencoder" => _random.Next(2) == 0 ? ([Between(2, 30)], null) : ([Pick([1, 3]), Between(5, 15), Between(5, 15)], null),
        _ => _random.Next(2) == 0 ? ([Between(3, 12)], null) : ([1, Between(2, 6), Between(2, 6)], null),
    };

    private NetworkSpec Spec(string family, long[] input, bool text)
    {
        var spec = new NetworkSpec { Family = family, Activation = family == "blocks" ? null : Maybe(() => Pick(BlockKind.Activations)) };
        return family switch
        {
            "cnn" => spec with { Channels = [(int)Between(1, 8), (int)Between(1, 8)], Kernel = Pick([1, 3, 5]), BatchNorm = _random.Next(2) == 0 },
            "resnet" => spec with { Size = Pick([18, 18, 34, 50]), Width = Pick([4, 6]), Stem = Pick(["auto", "large", "small"]), Norm = Pick(["batch", "layer", "group", "none"]) },
            "separable" => spec with { Channels = [(int)Between(1, 8), (int)Between(1, 12)], Kernel = Pick([3, 5]), Norm = Pick(["batch", "layer", "group", "none"]) },
            "textbag" => spec with { Embedding = (int)Between(1, 20), Hidden = [(int)Between(1, 20)] },
            "encoder" or "gpt" => spec with
            {
                Width = (int)Between(1, 4) * 4,
                Layers = (int)Between(1, 2),
                AttentionHeads = Pick([1, 2, 4]),
                FeedForward = (int)Between(1, 20),
                Positions = Maybe(() => Pick(["learnt", "sinusoidal"])),
                Pooling = Maybe(() => Pick(BlockKind.Poolings)),
                Steps = family == "encoder" && input.Length == 1 && !text ? Maybe(() => Pick([1, 3, 4, 12])) : null,
            },
            "lstm" or "gru" => spec with
            {
                Embedding = (int)Between(1, 8),
                Width = (int)Between(1, 9),
                Layers = (int)Between(1, 2),
                Bidirectional = _random.Next(2) == 0,
                Pooling = Maybe(() => Pick(BlockKind.Poolings)),
                Steps = input.Length == 1 && !text ? Maybe(() => Pick([1, 3, 4, 12])) : null,
            },
            "tcn" => spec with
            {
                Embedding = (int)Between(1, 8),
                Channels = [(int)Between(1, 8), (int)Between(1, 8), (int)Between(1, 8)],
                Kernel = Pick([1, 3, 5]),
                Norm = Pick(["batch", "layer", "none"]),
                Pooling = Maybe(() => Pick(BlockKind.Poolings)),
                Steps = input.Length == 1 && !text ? Maybe(() => Pick([1, 3, 4, 12])) : null,
            },
            "autoencoder" => spec with
            {
                Embedding = (int)Between(1, 6),
                Hidden = Maybe<IReadOnlyList<int>>(() => [(int)Between(1, 20)]),
                Channels = input.Length == 3 ? Maybe<IReadOnlyList<int>>(() => [(int)Between(1, 6), (int)Between(1, 6)]) : null,
                Norm = Pick(["layer", "batch", "none"]),
            },
            _ => spec,
        };
    }

    private T Pick<T>(T[] among) => among[_random.Next((ulong)among.Length)];

    private long Between(long least, long most) => least + (long)_random.Next((ulong)(most - least + 1));

    private T? Maybe<T>(Func<T> make)
        where T : class => _random.Next(3) == 0 ? null : make();

    private int? Maybe(Func<int> make) => _random.Next(3) == 0 ? null : make();
}
