using OrleansDL.Datasets;
using OrleansDL.Inference;
using OrleansDL.Training;
using Xunit.Abstractions;

namespace OrleansDL.Tests.RealData;

[Collection("torch")]
public sealed class MailsTests(ITestOutputHelper output)
{
    [Fact]
    public void A_bag_of_words_tells_spam_from_mail()
    {
        using var folder = new TestFolder();
        Column[] schema = [Assignments.Text("text"), Assignments.Text("kind")];
        var rows = Mails.Read().Select(mail => (object?[])[mail.Text, mail.IsSpam ? "spam" : "mail"]).Index().ToList();
        Example.Train(folder, Example.Spec("mails"), DatasetKind.Table, schema, rows.Where(row => row.Index % 5 != 0).Select(row => row.Item), output);
        var metrics = Example.Judge(folder, DatasetKind.Table, schema, rows.Where(row => row.Index % 5 == 0).Select(row => row.Item), output);
        Assert.InRange(metrics["rows"], 1200, 1300);
        Assert.InRange(metrics["accuracy"], 0.95, 1);
    }

    [Fact]
    public void A_gpt_of_two_layers_begins_to_learn_how_people_write() => Generate(
        Example.Spec("gpt") with
        {
            Input = new InputSpec { Kind = "text", Columns = ["text"], Tokenizer = "bpe", Vocabulary = 512, MaxTokens = 64 },
            Network = new NetworkSpec { Family = "gpt", Width = 64, Layers = 2, AttentionHeads = 4 },
            Epochs = 1,
        },
        mails: 500,
        fallen: 0.8,
        perplexity: 130);

    [Fact, Trait("Category", "Slow")]
    public void A_gpt_learns_to_write_what_could_stand_in_a_mail() => Generate(Example.Spec("gpt"), mails: 3000, fallen: 0.6, perplexity: 80);

    private void Generate(TrainingSpec spec, int mails, double fallen, double perplexity)
    {
        using var folder = new TestFolder();
        Column[] schema = [Assignments.Text("text")];

        // Rows a little longer than what is kept of them.
        var length = 4 * spec.Input!.MaxTokens!.Value;
        var rows = Mails.Read().Where(mail => !mail.IsSpam).Take(mails).SelectMany(mail => mail.Text.Chunk(length)).Select(text => (object?[])[new string(text)]).Index().ToList();
        output.WriteLine($"{rows.Count} rows of {length} characters");
        var losses = new List<double>();
        Example.Train(folder, spec, DatasetKind.Table, schema, rows.Where(row => row.Index % 20 != 0).Select(row => row.Item), output, losses.Add);
        var metrics = Example.Judge(folder, DatasetKind.Table, schema, rows.Where(row => row.Index % 20 == 0).Select(row => row.Item), output);

        // It began with no idea: the logarithm of the number of tokens.
        Assert.InRange(losses[0], 0.8 * Math.Log(spec.Input.Vocabulary!.Value), 1.2 * Math.Log(spec.Input.Vocabulary!.Value));
        Assert.True(losses.TakeLast(5).Average() < fallen * losses[0], $"The loss went from {losses[0]} to {losses[^1]}.");
        Assert.InRange(metrics["perplexity"], 1, perplexity);
        using var session = ModelSession.Load(folder["out"]);
        var written = session.Generate("I think that ", 60, temperature: 0.8, seed: 7);
        output.WriteLine($"I think that {written}");
        Assert.NotEmpty(written.Trim());
        Assert.Equal(written, session.Generate("I think that ", 60, temperature: 0.8, seed: 7));
    }
}
