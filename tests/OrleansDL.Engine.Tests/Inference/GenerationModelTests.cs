using OrleansDL.Data;
using OrleansDL.Inference;
using OrleansDL.Inference.Generation;
using OrleansDL.Networks;
using OrleansDL.Pipelines;
using OrleansDL.Training;
using TorchSharp;

namespace OrleansDL.Tests.Inference;

/// <summary>Continuing texts token by token from what was kept, against libtorch given the whole text.</summary>
[Collection("torch")]
public sealed class GenerationModelTests
{
    private const double Tolerance = 1e-5;
    private const int Longest = 100;

    /// <summary>Of bytes, with padding and end.</summary>
    private const int Vocabulary = 258;

    [Theory]
    [InlineData("sinusoidal", 3)]
    [InlineData("learnt", 4)]
    public void Rows_of_own_lengths_side_by_side_foretell_what_libtorch_does_of_each_whole_text(string positions, ulong seed)
    {
        using var folder = new TestFolder();
        var definition = new NetworkDefinition
        {
            Network = NetworkFamilies.WithDefaults(new NetworkSpec { Family = "gpt", Width = 24, Layers = 2, AttentionHeads = 3, FeedForward = 40, Positions = positions, Dropout = 0.1, Activation = "gelu" }),
            Input = [Longest],
            Vocabulary = Vocabulary,
            Head = "next-token",
            Classes = Vocabulary,
        };
        using var network = new Network(definition, seed);
        Write(folder.Path, network);
        using var session = ModelSession.Load(folder.Path);
        using var model = GenerationModel.Load(folder.Path, session)!;
        Assert.True(model.IsCached);
        using var rows = model.NewRows(3);
        var random = new Xoshiro(seed);
        var texts = new List<long>[] { [], [], [] };
        var logits = new float[3 * Vocabulary];

        // Rows begin at different times and lengths, in pieces, and go on together past the first room.
        Feed(0, 5);
        Step(1, 7);
        Feed(1, 20);
        Feed(1, 30);
        Step(2, 4);
        Feed(2, 1);
        Step(3, 40);
        rows.Move(2, 0);
        texts[0] = texts[2];
        texts[2] = [];
        Step(2, 2);
        Feed(2, 9);
        Step(3, 1);

        void Feed(int row, int count)
        {
            var tokens = Draw(count);
            texts[row].AddRange(tokens);
            rows.Feed(row, tokens, logits.AsSpan(0, Vocabulary));
            AssertForetold(row, logits.AsSpan(0, Vocabulary));
        }

        void Step(int count, int times)
        {
            for (var time = 0; time < times; time++)
            {
                var tokens = Draw(count);
                for (var row = 0; row < count; row++)
                {
                    texts[row].Add(tokens[row]);
                }

                rows.Step(tokens, logits.AsSpan(0, count * Vocabulary));
                for (var row = 0; row < count; row++)
                {
                    AssertForetold(row, logits.AsSpan(row * Vocabulary, Vocabulary));
                }
            }
        }

        long[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => 1 + (long)random.Next(Vocabulary - 1))];

        void AssertForetold(int row, Span<float> actual)
        {
            using var scope = torch.NewDisposeScope();
            using var guard = torch.no_grad();
            var whole = network.Forward(torch.tensor(texts[row].ToArray(), [1, texts[row].Count]), Pass.Evaluation);
            var expected = whole.select(1, -1).contiguous().data<float>().ToArray();
            var scale = Math.Max(1, expected.Max(Math.Abs));
            for (var token = 0; token < expected.Length; token++)
            {
                Assert.True(Math.Abs(expected[token] - actual[token]) / scale <= Tolerance, $"row {row} of {texts[row].Count} tokens: {expected[token]} and {actual[token]}");
            }
        }
    }

    private static void Write(string folder, Network network)
    {
        Artifact.WriteNetwork(folder, network);
        var pipeline = new TextPipeline { Column = "text", MaxTokens = Longest, Vocabulary = [], Tokenizer = "bytes", Labels = [], Target = new FittedTarget { Head = "next-token" } };
        File.WriteAllBytes(Path.Combine(folder, "pipeline.json"), pipeline.Write());
    }
}
