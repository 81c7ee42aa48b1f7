using System.Globalization;
using System.Text;
using System.Text.Json;
using OrleansDL.Datasets;
using OrleansDL.Inference;
using OrleansDL.Serving;
using OrleansDL.Training;

namespace OrleansDL.Tests.Heads;

/// <summary>Every head from rows to answers: trained, judged on the same rows as a model and while training, and asked.</summary>
[Collection("torch")]
public sealed class HeadTests
{
    private static readonly ReaderSpec ByColumn = new() { Split = new SplitSpec { By = "column", Column = "part", Training = ["train"], Validation = ["held"] } };

    private static readonly Column Part = Assignments.Text("part");

    [Fact]
    public void One_label_is_judged_the_same_while_training_and_afterwards_with_its_slices()
    {
        using var folder = new TestFolder();
        var rows = Rows(240, row => [row % 7 * 1.0, (row % 3).ToString(CultureInfo.InvariantCulture), row % 7 > 3 == (row % 3 > 0) ? "yes" : "no"]);
        var spec = Spec("mlp") with { Evaluation = new EvaluationSpec { Slices = ["side"] }, Head = new HeadSpec { Balanced = true, LabelSmoothing = 0.05 } };
        var (trained, judged, session) = Run(folder, spec, [Assignments.Numeric("n"), Assignments.Text("side"), Part, Assignments.Text("answer")], rows);
        using (session)
        {
            AssertSame(trained, judged, ["accuracy", "loss", "f1.macro", "auc", "averagePrecision", "ece", "brier", "precision.yes", "confusion.yes.no", "slice.side=1.accuracy", "slice.side=2.samples"]);
            Assert.True(File.Exists(Path.Combine(folder["out"], "confusion.json")));
            Assert.Null(session.Pipeline.Target);
        }
    }

    [Fact]
    public void Several_labels_are_answered_above_the_threshold()
    {
        using var folder = new TestFolder();
        var rows = Rows(320, row => [row % 8 * 1.0, (row % 8) switch { < 2 => "low", < 4 => "low; even", < 6 => "[\"high\", \"even\"]", _ => null }]);
        var spec = Spec("mlp") with { Head = new HeadSpec { Kind = "labels", Balanced = true } };
        var (trained, judged, session) = Run(folder, spec, [Assignments.Numeric("n"), Part, Assignments.Text("tags")], rows);
        using (session)
        {
            AssertSame(trained, judged, ["f1.micro", "loss", "auc", "subsetAccuracy", "hammingLoss", "recall.low"]);
            Assert.InRange(judged["f1.micro"], 0.95, 1);
            var answer = session.Predict(new PredictRequest { Rows = "[[0], [5], [7]]"u8.ToArray(), Top = 10 });
            Assert.Equal(["low", "even,high", ""], answer.Rows.Select(row => string.Join(",", row.Select(label => label.Label).Order(StringComparer.Ordinal))));
            Assert.All(answer.Rows.SelectMany(row => row), label => Assert.InRange(label.Score, 0.5, 1));
        }
    }

    [Theory]
    [InlineData("mse")]
    [InlineData("huber")]
    [InlineData("mae")]
    public void Values_are_learnt_in_deviations_and_answered_in_their_units(string loss)
    {
        using var folder = new TestFolder();
        var rows = Rows(200, row => [row % 20 * 1.0, row % 3 * 1.0, 1000 + (50.0 * (row % 20)), -0.01 * (row % 3)]);
        var spec = Spec("mlp") with { Epochs = 60, Head = new HeadSpec { Kind = "regression", Columns = ["price", "drop"], Loss = loss } };
        var (trained, judged, session) = Run(folder, spec, [Assignments.Numeric("n"), Assignments.Numeric("m"), Assignments.Numeric("price"), Assignments.Numeric("drop"), Part], rows);
        using (session)
        {
            AssertSame(trained, judged, ["r2", "loss", "mae.price", "rmse.drop", "r2.drop"]);
            Assert.InRange(judged["r2"], 0.98, 1);
            var answer = session.Predict(new PredictRequest { Rows = """[{"n": 10, "m": 2}]"""u8.ToArray() });
            Assert.InRange(answer.Values![0]["price"], 1450, 1550);
            Assert.InRange(answer.Values[0]["drop"], -0.023, -0.017);
            Assert.Empty(answer.Rows);
        }
    }

    [Fact]
    public void A_label_for_each_word_is_learnt_from_the_words_beside_it()
    {
        using var folder = new TestFolder();
        string[] texts = ["fly to Paris now", "Paris is big", "call Paris Hilton now", "go to Rome", "Rome is far to go", "call Rome Miller"];
        string[] labels = ["O O CITY O", "CITY O O", "O NAME NAME O", "O O CITY", "CITY O O O O", "[\"O\", \"NAME\", \"NAME\"]"];
        var rows = Rows(120, row => [texts[row % 6], labels[row % 6]]);
        var spec = Spec("lstm") with { Epochs = 25, Network = new NetworkSpec { Family = "lstm", Embedding = 12, Width = 16, Bidirectional = true }, Input = new InputSpec { Kind = "text", Columns = ["text"], MaxTokens = 6 }, Head = new HeadSpec { Kind = "sequence" } };
        var (trained, judged, session) = Run(folder, spec, [Assignments.Text("text"), Part, Assignments.Text("entities")], rows);
        using (session)
        {
            AssertSame(trained, judged, ["accuracy", "loss", "sequenceAccuracy", "f1.CITY"]);
            Assert.InRange(judged["accuracy"], 0.95, 1);
            var answer = session.Predict(new PredictRequest { Rows = """["Paris is far", "call Rome Hilton now"]"""u8.ToArray() });
            Assert.Equal(["CITY O O", "O NAME NAME O"], answer.Steps!.Select(row => string.Join(' ', row.Select(step => step.Label))));
        }
    }

    [Fact]
    public void A_row_whose_labels_are_not_as_many_as_its_words_is_refused_with_its_place()
    {
        using var folder = new TestFolder();
        var rows = Rows(10, row => ["one two", row == 4 ? "A" : "A B"]);
        var spec = Spec("lstm") with { Input = new InputSpec { Kind = "text", Columns = ["text"] }, Head = new HeadSpec { Kind = "sequence" } };
        var error = Assert.Throws<InvalidException>(() => Run(folder, spec, [Assignments.Text("text"), Part, Assignments.Text("tags")], rows));
        Assert.StartsWith("row 5 of data@v1, column 'tags': 1 labels for 2 steps.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_label_for_each_time_step_is_learnt_from_a_series()
    {
        using var folder = new TestFolder();
        var rows = Rows(120, row => [JsonSerializer.Serialize(Enumerable.Range(0, 6).Select(step => new[] { Wave(row, step), 1.0 })), string.Join(' ', Enumerable.Range(0, 6).Select(step => Wave(row, step) > 0 ? "up" : "down"))]);
        var spec = Spec("gru") with { Epochs = 20, Input = new InputSpec { Kind = "series", Columns = ["wave"] }, Head = new HeadSpec { Kind = "sequence" } };
        var (trained, judged, session) = Run(folder, spec, [Assignments.Text("wave"), Part, Assignments.Text("trend")], rows);
        using (session)
        {
            AssertSame(trained, judged, ["accuracy", "loss"]);
            Assert.InRange(judged["accuracy"], 0.95, 1);
            var answer = session.Predict(new PredictRequest { Rows = """[[[5,1],[5,1],[-5,1],[-5,1],[5,1],[-5,1]], {"wave": [[-5,1],[5,1]]}]"""u8.ToArray() });
            Assert.Equal("up up down down up down", string.Join(' ', answer.Steps![0].Select(step => step.Label)));
        }

        static double Wave(int row, int step) => Math.Round(Math.Sin((row * 1.7) + (step * 2.1)) * 6) + 0.5;
    }

    [Theory]
    [InlineData("bytes")]
    [InlineData("bpe")]
    public void A_small_gpt_learns_what_comes_next_and_goes_on_by_itself(string tokenizer)
    {
        using var folder = new TestFolder();
        string[] texts = ["one two three four", "red green blue", "spring summer autumn winter"];
        var rows = Rows(60, row => [texts[row % 3]]);
        var spec = Spec("gpt") with
        {
            Epochs = 25,
            LearningRate = 0.004,
            Network = new NetworkSpec { Family = "gpt", Width = 32, Layers = 1, AttentionHeads = 2 },
            Input = new InputSpec { Tokenizer = tokenizer, Columns = ["text"], MaxTokens = 32, Vocabulary = tokenizer == "bpe" ? 300 : null },
            Head = new HeadSpec { Kind = "next-token" },
        };
        var (trained, judged, session) = Run(folder, spec, [Assignments.Text("text"), Part], rows);
        using (session)
        {
            AssertSame(trained, judged, ["perplexity", "loss", "accuracy", "tokens"]);
            Assert.InRange(judged["perplexity"], 1, 1.5);
            Assert.Equal(" green blue", session.Generate("red", 40));
            Assert.StartsWith("Model 'model' foretells the next token", Assert.Throws<InvalidException>(() => session.Predict(new PredictRequest { Rows = "[\"a\"]"u8.ToArray() })).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Digits_of_one_kind_lie_close_together()
    {
        using var folder = new TestFolder();
        var spec = Assignments.Spec() with { Epochs = 8, LearningRate = 0.004, BatchSize = 128, ValidationFraction = 0.2, Head = new HeadSpec { Kind = "embedding", Width = 16 } };
        var assignment = Assignments.Digits(folder["data"], spec, row => row < 1000);
        TrainingJob.Run(assignment, folder["data"], folder["out"], folder.Make("checkpoints"), "cpu", new TrainingHooks(), TimeProvider.System);
        Assert.InRange(Metrics(folder["out"])["validation.recall1"], 0.93, 1);
        using var session = ModelSession.Load(folder["out"]);
        var row = TestFolder.Digits()[0].Split(',')[..64];
        var answer = session.Predict(new PredictRequest { Rows = Encoding.UTF8.GetBytes($"[[{string.Join(',', row)}]]") });
        Assert.Equal(1, Math.Sqrt(answer.Vectors![0].Sum(value => (double)value * value)), 1e-4);
    }

    [Fact]
    public void Rows_go_through_a_narrow_middle_and_odd_ones_come_out_worse()
    {
        using var folder = new TestFolder();
        var rows = Rows(300, row => [row % 10 * 1.0, row % 10 * 2.0, row % 10 * -1.0]);
        var spec = Spec("autoencoder") with { Epochs = 40, LearningRate = 0.01, Network = new NetworkSpec { Family = "autoencoder", Hidden = [16], Embedding = 1 }, Input = new InputSpec { Columns = ["a", "b", "c"] }, Head = new HeadSpec { Kind = "reconstruction" } };
        var (trained, judged, session) = Run(folder, spec, [Assignments.Numeric("a"), Assignments.Numeric("b"), Assignments.Numeric("c"), Part], rows);
        using (session)
        {
            AssertSame(trained, judged, ["mse", "loss"]);
            var answer = session.Predict(new PredictRequest { Rows = "[[4, 8, -4], [4, 1, 4]]"u8.ToArray() });
            Assert.True(answer.Values![0]["error"] < 0.1 * answer.Values[1]["error"]);
            Assert.All(answer.Vectors!, vector => Assert.Single(vector));
        }
    }

    [Fact]
    public void Columns_of_text_enter_as_indices_where_the_network_embeds_them()
    {
        using var folder = new TestFolder();
        var rows = Rows(160, row => [$"k{row % 8}", row % 3 * 1.0, row % 8 < 4 ? "a" : "b"]);
        var spec = Spec("mlp") with { Epochs = 30, Network = new NetworkSpec { Family = "mlp", Categorical = "embedding", Hidden = [8] } };
        var (trained, judged, session) = Run(folder, spec, [Assignments.Text("key"), Assignments.Numeric("n"), Part, Assignments.Text("answer")], rows);
        using (session)
        {
            AssertSame(trained, judged, ["accuracy", "loss"]);
            Assert.Equal([-1, 2], session.Signature.Inputs[0].Shape);
            Assert.Equal(["a", "b"], session.Predict(new PredictRequest { Rows = """[["k1", 1], {"n": 2, "key": "k7"}]"""u8.ToArray() }).Rows.Select(row => row[0].Label));
        }
    }

    private static TrainingSpec Spec(string family) => Assignments.Spec(family) with { Epochs = 30, LearningRate = 0.01, Reader = ByColumn };

    /// <summary>Rows whose part, after the other cells before the target, is every eleventh time the held one.</summary>
    private static List<(bool Held, object?[] Cells)> Rows(int count, Func<int, object?[]> make) => [.. Enumerable.Range(0, count).Select(row => (row % 11 == 10, make(row)))];

    private static (Dictionary<string, double> Trained, Dictionary<string, double> Judged, ModelSession Session) Run(TestFolder folder, TrainingSpec spec, Column[] schema, List<(bool Held, object?[] Cells)> rows)
    {
        var part = Array.IndexOf(schema, Part);
        object?[][] whole = [.. rows.Select(row => (object?[])[.. row.Cells[..part], row.Held ? "held" : "train", .. row.Cells[part..]])];
        var assignment = Assignments.Of(folder["data"], spec, DatasetKind.Table, schema, whole);
        TrainingJob.Run(assignment, folder["data"], folder["out"], folder.Make("checkpoints"), "cpu", new TrainingHooks(), TimeProvider.System);
        var judge = new TrainingSpec { Dataset = "d", Program = TrainingProgram.Evaluate, Model = "m@1", Evaluation = spec.Evaluation };
        var held = Assignments.Of(folder["held"], judge, DatasetKind.Table, schema, whole.Where(row => row[part] is "held")) with { ModelDirectory = folder["out"] };
        EvaluationJob.Run(held, folder["held"], folder["judged"], new TrainingHooks(), TimeProvider.System);
        return (Metrics(folder["out"]), Metrics(folder["judged"]), ModelSession.Load(folder["out"]));
    }

    private static void AssertSame(Dictionary<string, double> trained, Dictionary<string, double> judged, string[] names)
    {
        Assert.Equal(trained["validation.samples"], judged["rows"]);
        Assert.All(names, name => Assert.True(Math.Abs(trained[$"validation.{name}"] - judged[name]) <= 1e-4 * Math.Max(1, Math.Abs(judged[name])), $"{name}: {trained[$"validation.{name}"]} and {judged[name]}"));
    }

    private static Dictionary<string, double> Metrics(string folder) => JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllBytes(Path.Combine(folder, "metrics.json")), OdlJson.Options)!;
}
