using System.Text.Json;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

public sealed class SpecRulesTests
{
    [Theory]
    [InlineData("""{"family":"xyz"}""", "", "network.family 'xyz' is unknown. Families: mlp, cnn, textbag.")]
    [InlineData("""{"family":"mlp","channels":[3]}""", "", "network.channels does not belong to network.family 'mlp', only to 'cnn'.")]
    [InlineData("""{"family":"cnn","embedding":3}""", "", "network.embedding does not belong to network.family 'cnn', only to 'textbag'.")]
    [InlineData("""{"family":"cnn","kernel":4}""", "", "network.kernel is 4. Give an odd number from 1 to 11.")]
    [InlineData("""{"family":"mlp","hidden":[8,0]}""", "", "network.hidden[1] is 0. Give a number from 1 to 8192.")]
    [InlineData("""{"family":"mlp","hidden":[]}""", "", "network.hidden.length is 0. Give a number from 1 to 16.")]
    [InlineData("""{"family":"mlp","dropout":1}""", "", "network.dropout is 1. Give a number from 0 to 0.9.")]
    [InlineData("""{"family":"mlp","activation":"swish"}""", "", "network.activation 'swish' is unknown. Activations: relu, gelu, tanh.")]
    [InlineData("""{"family":"mlp"}""", ""","optimizer":"lion" """, "optimizer 'lion' is unknown. Optimizers: sgd, adam, adamw.")]
    [InlineData("""{"family":"mlp"}""", ""","learningRate":"NaN" """, "learningRate is NaN. Give a number from")]
    [InlineData("""{"family":"mlp"}""", ""","epochs":0""", "epochs is 0. Give a number from 1 to 1000000.")]
    [InlineData("""{"family":"mlp"}""", ""","model":"m@1" """, "model belongs to program 'evaluate'.")]
    [InlineData("""{"family":"textbag"}""", ""","input":{"kind":"image"}""", "network.family 'textbag' does not take input.kind 'image'.")]
    [InlineData("""{"family":"mlp"}""", ""","input":{"kind":"sound"}""", "network.family 'mlp' does not take input.kind 'sound'.")]
    [InlineData("""{"family":"mlp"}""", ""","input":{"channels":2}""", "input.channels is 2. Give 1 for grey or 3 for colour.")]
    [InlineData("""{"family":"mlp"}""", ""","reader":{"threads":0}""", "reader.threads is 0. Give a number from 1 to 64.")]
    [InlineData("""{"family":"mlp"}""", ""","reader":{"canonicalNodes":65}""", "reader.canonicalNodes is 65. Give a number from 1 to 64.")]
    [InlineData("""{"family":"mlp"}""", ""","reader":{"split":{"by":"file"}}""", "reader.split.by 'file' is unknown. Splits: row, key, column.")]
    [InlineData("""{"family":"mlp"}""", ""","reader":{"split":{"by":"key"}}""", "reader.split.column is missing.")]
    [InlineData("""{"family":"mlp"}""", ""","reader":{"split":{"by":"key","column":"c","training":["a"]}}""", "reader.split.training and reader.split.validation belong to")]
    [InlineData("""{"family":"mlp"}""", ""","reader":{"split":{"by":"column","column":"c","validation":["train"]}}""", "reader.split.training and reader.split.validation name the same value")]
    [InlineData("null", "", "network is missing.")]
    [InlineData("null", ""","program":"evaluate" """, "model is missing.")]
    public void A_spec_that_breaks_a_rule_is_refused_by_its_json_path(string network, string more, string message)
    {
        var spec = JsonSerializer.Deserialize<TrainingSpec>($$"""{"dataset":"d","network":{{network}}{{more}}}""", OdlJson.Options)!;
        Assert.StartsWith(message, Assert.Throws<InvalidException>(() => TrainingSpecRules.Check(spec)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_spec_that_keeps_them_passes()
    {
        TrainingSpecRules.Check(Assignments.Spec("cnn"));
        TrainingSpecRules.Check(new TrainingSpec { Dataset = "d@v1", Program = TrainingProgram.Evaluate, Model = "m@3" });
    }
}
