using System.Text.Json;
using OrleansDL.Data;
using OrleansDL.Datasets;
using OrleansDL.Inference;
using OrleansDL.Serving;
using OrleansDL.Training;
using SkiaSharp;

namespace OrleansDL.Tests.Training;

[Collection("torch")]
public sealed class DatasetTests
{
    [Fact]
    public void A_text_classifier_learns_words_and_answers_sentences()
    {
        using var folder = new TestFolder();
        string[] good = ["great fine good", "a good day", "what a fine thing", "great work; good"];
        string[] bad = ["awful bad thing", "a bad day", "what an awful mess", "bad; awful work"];
        var lines = Enumerable.Range(0, 80).Select(row => row % 2 == 0 ? $"{good[row / 2 % 4]},good" : $"{bad[row / 2 % 4]},bad");
        var spec = Assignments.Spec("textbag") with { Epochs = 20, LearningRate = 0.01, ValidationFraction = 0 };
        using var session = Train(folder, Assignments.Csv(folder["data"], spec, [Assignments.Text("text"), Assignments.Text("mood")], lines, kind: DatasetKind.Text));
        var answer = session.Predict(new PredictRequest { Rows = """["A GOOD fine word?", {"text": "awful!"}, "nothing known"]"""u8.ToArray(), Top = 2 });
        Assert.Equal(["good", "bad"], answer.Rows.Take(2).Select(row => row[0].Label));
        Assert.All(answer.Rows, row => Assert.Equal(1, row.Sum(label => label.Score), 1e-5));
    }

    [Fact]
    public void A_table_of_numbers_texts_and_truths_is_learnt()
    {
        using var folder = new TestFolder();
        var lines = Enumerable.Range(0, 200).Select(row => $"{row % 7},{(row % 2 == 0 ? "north" : "south")},{(row % 3 == 0 ? "true" : "false")},{(row % 2 == 0 && row % 3 == 0 ? "yes" : "no")}");
        Column[] schema = [Assignments.Numeric("size"), Assignments.Text("side"), Assignments.Numeric("open", ColumnType.Bool), Assignments.Text("answer")];
        var spec = Assignments.Spec() with { Epochs = 30, LearningRate = 0.01 };
        using var session = Train(folder, Assignments.Csv(folder["data"], spec, schema, lines));
        var answer = session.Predict(new PredictRequest { Rows = """[[1, "north", true], {"open": false, "side": "south", "size": null, "extra": [1]}, [5, "east", true]]"""u8.ToArray() });
        Assert.Equal(["yes", "no"], answer.Rows.Take(2).Select(row => row[0].Label));
        using var reference = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder["out"], "reference.json")));
        Assert.Equal(["size", "side", "open"], reference.RootElement.GetProperty("features").EnumerateArray().Select(feature => feature.GetProperty("name").GetString()));
    }

    [Fact]
    public void Image_files_are_learnt_by_their_folders_and_predicted_from_base64()
    {
        using var folder = new TestFolder();
        var rows = Enumerable.Range(0, 40).Select(number => (object?[])(number % 2 == 0 ? [Png((byte)number, 10, 20), "dark"] : [Png(240, (byte)number, 250), "light"]));
        var spec = Assignments.Spec("cnn") with { Epochs = 10, ValidationFraction = 0, Network = new NetworkSpec { Family = "cnn", Channels = [4], Hidden = [8] } };
        using var session = Train(folder, Assignments.Of(folder["data"], spec, DatasetKind.Image, [], rows));
        Assert.Equal([-1, 3, 6, 8], session.Signature.Inputs[0].Shape);
        var asked = $$"""[{"image": "{{Convert.ToBase64String(Png(10, 20, 30))}}"}, {"image": "{{Convert.ToBase64String(Png(250, 5, 240, 20))}}"}]""";
        var answer = session.Predict(new PredictRequest { Rows = System.Text.Encoding.UTF8.GetBytes(asked) });
        Assert.Equal(["dark", "light"], answer.Rows.Select(row => row[0].Label));
        Assert.StartsWith("rows[0] is no image", Assert.Throws<InvalidException>(() => session.Predict(new PredictRequest { Rows = """[{"image": "AAAA"}]"""u8.ToArray() })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_label_that_training_never_saw_counts_as_wrong()
    {
        using var folder = new TestFolder();
        var spec = Assignments.Spec() with { Epochs = 2, ValidationFraction = 0 };
        using (Train(folder, Assignments.Csv(folder["data"], spec, Schema, Enumerable.Range(0, 20).Select(row => $"{row},{(row < 10 ? "a" : "b")}"))))
        {
            var judge = Assignments.Csv(folder["judged"], new TrainingSpec { Dataset = "d", Program = TrainingProgram.Evaluate, Model = "m@1" }, Schema, ["1,a", "2,z"]) with { ModelDirectory = folder["out"] };
            List<string> log = [];
            EvaluationJob.Run(judge, folder["judged"], folder["verdict"], new TrainingHooks { Logged = log.Add }, TimeProvider.System);
            var metrics = JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllBytes(Path.Combine(folder["verdict"], "metrics.json")))!;
            Assert.Equal((2, 1), (metrics["rows"], metrics["unknownLabels"]));
            Assert.InRange(metrics["accuracy"], 0, 0.5);
            Assert.Contains("1 rows have a label that the model does not know; they count as wrong", log);
            Assert.Equal(2, File.ReadAllLines(Path.Combine(folder["verdict"], "predictions.jsonl")).Length);
        }
    }

    [Theory]
    [InlineData("1,a\n1e300,b\n2,b\n", null, "row 2 of data@v1, column 'n': a number within the range of 32-bit floating point was expected, not '1E+300'.")]
    [InlineData("1,a\n2,a\n", null, "Dataset 'data@v1' has one label only ('a') among its 2 training rows in column 'c'")]
    [InlineData("1,a\n2,\n", null, "row 2 of data@v1, column 'c': a label was expected, not nothing.")]
    [InlineData("1,a\n2,b\n", "missing", "input.label 'missing' is no column of the dataset. Columns: n, c.")]
    public void Data_that_cannot_be_learnt_fails_with_its_place(string lines, string? label, string message)
    {
        using var folder = new TestFolder();
        var spec = Assignments.Spec() with { ValidationFraction = 0, Input = new InputSpec { Label = label } };
        var assignment = Assignments.Csv(folder["data"], spec, Schema, lines.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith(message, Assert.Throws<InvalidException>(() => TrainingData.Load(assignment, folder["data"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_that_are_no_image_are_refused_with_their_number()
    {
        using var folder = new TestFolder();
        var assignment = Assignments.Digits(folder["data"], Assignments.Spec("cnn") with { Input = new InputSpec { Kind = "image", Height = 7, Width = 7 } }, row => row < 5);
        Assert.StartsWith("64 input columns are no image of input.height 7 x input.width 7", Assert.Throws<InvalidException>(() => TrainingData.Load(assignment, folder["data"])).Message, StringComparison.Ordinal);
    }

    private static readonly Column[] Schema = [Assignments.Numeric("n"), Assignments.Text("c")];

    private static ModelSession Train(TestFolder folder, RunnerAssignment assignment)
    {
        TrainingJob.Run(assignment, folder["data"], folder["out"], folder.Make("checkpoints"), "cpu", new TrainingHooks(), TimeProvider.System);
        return ModelSession.Load(folder["out"]);
    }

    private static byte[] Png(byte red, byte green, byte blue, int width = 8)
    {
        using var bitmap = new SKBitmap(width, 6);
        bitmap.Erase(new SKColor(red, green, blue));
        return bitmap.Encode(SKEncodedImageFormat.Png, 100).ToArray();
    }
}
