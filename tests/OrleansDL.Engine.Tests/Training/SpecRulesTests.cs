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
    [InlineData("""{"family":"mlp"}""", ""","optimizer":"adagrad" """, "optimizer 'adagrad' is unknown. Optimizers: sgd, adam, adamw, rmsprop, lion.")]
    [InlineData("""{"family":"mlp"}""", ""","optimizerSettings":{"momentum":0.5}""", "optimizerSettings.momentum does not belong to optimizer 'adam', only to sgd, rmsprop.")]
    [InlineData("""{"family":"mlp"}""", ""","optimizer":"sgd","optimizerSettings":{"nesterov":true,"momentum":0}""", "optimizerSettings.nesterov needs a momentum above 0.")]
    [InlineData("""{"family":"mlp"}""", ""","schedule":{"kind":"sine"}""", "schedule.kind 'sine' is unknown. Schedules: constant, step, cosine, onecycle, linear, polynomial.")]
    [InlineData("""{"family":"mlp"}""", ""","schedule":{"kind":"step"}""", "schedule.everyEpochs is missing.")]
    [InlineData("""{"family":"mlp"}""", ""","schedule":{"kind":"cosine","power":2}""", "schedule.power does not belong to schedule.kind 'cosine', only to polynomial.")]
    [InlineData("""{"family":"mlp"}""", ""","schedule":{"kind":"cosine","warmupSteps":2,"warmupFraction":0.1}""", "schedule.warmupSteps and schedule.warmupFraction say the same thing twice.")]
    [InlineData("""{"family":"mlp"}""", ""","clip":{"norm":0}""", "clip.norm is 0. Give a number from 1E-06 to 1000000.")]
    [InlineData("""{"family":"mlp"}""", ""","accumulate":0""", "accumulate is 0. Give a number from 1 to 10000.")]
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
