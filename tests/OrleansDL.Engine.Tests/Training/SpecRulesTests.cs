using System.Text.Json;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

public sealed class SpecRulesTests
{
    [Theory]
    [InlineData("""{"family":"xyz"}""", "", "network.family 'xyz' is unknown. Families: mlp, cnn, textbag, resnet, separable, encoder, gpt, lstm, gru, tcn, autoencoder, blocks.")]
    [InlineData("""{"family":"mlp","channels":[3]}""", "", "network.channels does not belong to network.family 'mlp', only to 'cnn', 'separable', 'tcn', 'autoencoder'.")]
    [InlineData("""{"family":"cnn","embedding":3}""", "", "network.embedding does not belong to network.family 'cnn', only to 'mlp', 'textbag', 'lstm', 'gru', 'tcn', 'autoencoder'.")]
    [InlineData("""{"family":"cnn","kernel":4}""", "", "network.kernel is 4. Give an odd number from 1 to 11.")]
    [InlineData("""{"family":"mlp","hidden":[8,0]}""", "", "network.hidden[1] is 0. Give a number from 1 to 8192.")]
    [InlineData("""{"family":"mlp","hidden":[]}""", "", "network.hidden.length is 0. Give a number from 1 to 16.")]
    [InlineData("""{"family":"mlp","dropout":1}""", "", "network.dropout is 1. Give a number from 0 to 0.9.")]
    [InlineData("""{"family":"mlp","activation":"swish"}""", "", "network.activation 'swish' is unknown. Activations: relu, gelu, tanh, silu, leakyRelu, sigmoid.")]
    [InlineData("""{"family":"resnet","size":19}""", "", "network.size is 19. Give 18, 34, 50.")]
    [InlineData("""{"family":"encoder","width":10}""", "", "network.attentionHeads is 4, which does not divide network.width 10.")]
    [InlineData("""{"family":"mlp","embedding":3}""", "", "network.embedding belongs to network.categorical 'embedding'")]
    [InlineData("""{"family":"mlp","blocks":[]}""", "", "network.blocks does not belong to network.family 'mlp', only to 'blocks'.")]
    [InlineData("""{"family":"blocks"}""", "", "network.blocks is empty.")]
    [InlineData("""{"family":"blocks","hidden":[3]}""", "", "network.hidden does not belong to network.family 'blocks'")]
    [InlineData("""{"family":"blocks","blocks":[null]}""", "", "network.blocks[0] is null.")]
    [InlineData("""{"family":"blocks","blocks":[{"kind":"flatten"},{"kind":"lines"}]}""", "", "network.blocks[1].kind 'lines' is unknown. Kinds: linear, convolution,")]
    [InlineData("""{"family":"blocks","blocks":[{"kind":"linear","width":8,"kernel":3}]}""", "", "network.blocks[0].kernel does not belong to kind 'linear'. It takes width, bias.")]
    [InlineData("""{"family":"blocks","blocks":[{"kind":"linear"}]}""", "", "network.blocks[0].width is missing. Kind 'linear' needs it.")]
    [InlineData("""{"family":"blocks","blocks":[{"kind":"residual","blocks":[{"kind":"dropout","share":2}]}]}""", "", "network.blocks[0].blocks[0].share is 2. Give a number from 0 to 0.9.")]
    [InlineData("""{"family":"blocks","blocks":[{"kind":"residual","blocks":[{"kind":"flatten"}],"shortcut":[]}]}""", "", "network.blocks[0].shortcut is empty.")]
    [InlineData("""{"family":"blocks","blocks":[{"kind":"flatten","name":"a"},{"kind":"flatten","name":"a"}]}""", "", "network.blocks has two blocks named 'a'.")]
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
    [InlineData("""{"family":"mlp"}""", ""","precision":"fp16" """, "precision 'fp16' is unknown. Precisions: fp32, bf16.")]
    [InlineData("""{"family":"mlp"}""", ""","rateFinder":{"steps":5}""", "rateFinder.steps is 5. Give a number from 20 to 10000.")]
    [InlineData("""{"family":"mlp"}""", ""","rateFinder":{"least":20}""", "rateFinder.least is not below rateFinder.greatest.")]
    [InlineData("""{"family":"mlp"}""", ""","rateFinder":{"then":"go"}""", "rateFinder.then 'go' is unknown. Choices: train, stop.")]
    [InlineData("""{"family":"mlp"}""", ""","rateFinder":{},"fork":{"run":"r"}""", "rateFinder belongs to a run that begins anew")]
    [InlineData("""{"family":"mlp"}""", ""","rateFinder":{"then":"stop"},"registerAs":"m" """, "registerAs does not belong to rateFinder.then 'stop'")]
    [InlineData("null", ""","program":"evaluate","model":"m@1","precision":"bf16" """, "precision does not belong to program 'evaluate'")]
    [InlineData("null", ""","program":"evaluate","model":"m@1","rateFinder":{}""", "rateFinder does not belong to program 'evaluate'")]
    [InlineData("""{"family":"mlp"}""", ""","workers":65""", "workers is 65. Give a number from 1 to 64.")]
    [InlineData("""{"family":"mlp"}""", ""","workers":2,"minWorkers":3""", "minWorkers is 3. Give a number from 1 to 2.")]
    [InlineData("""{"family":"mlp"}""", ""","minWorkers":1""", "minWorkers is set and workers is not.")]
    [InlineData("""{"family":"mlp"}""", ""","workers":4,"batchSize":3""", "batchSize is 3 and workers 4: a worker would have no row.")]
    [InlineData("""{"family":"mlp"}""", ""","workers":2,"head":{"kind":"embedding"}""", "workers: head.kind 'embedding' compares each row")]
    [InlineData("null", ""","program":"evaluate","model":"m","workers":2""", "workers and minWorkers do not belong to program 'evaluate'")]
    [InlineData("null", "", "network is missing.")]
    [InlineData("null", ""","program":"evaluate" """, "model is missing.")]
    public void A_spec_that_breaks_a_rule_is_refused_by_its_json_path(string network, string more, string message)
    {
        var spec = JsonSerializer.Deserialize<TrainingSpec>($$"""{"dataset":"d","network":{{network}}{{more}}}""", OdlJson.Options)!;
        Assert.StartsWith(message, Assert.Throws<InvalidException>(() => TrainingSpecRules.Check(spec)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"family":"mlp","hiden":[8]}""", "$.network.hiden")]
    [InlineData("""{"family":"blocks","blocks":[{"kind":"flatten"},{"kind":"linear","width":2,"size":1}]}""", "$.network.blocks[1].size")]
    [InlineData("""{"family":"mlp","hidden":[8,"x"]}""", "$.network.hidden[1]")]
    public void A_member_of_the_network_that_there_is_not_is_refused_by_its_json_path(string network, string path)
    {
        var error = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<TrainingSpec>($$"""{"dataset":"d","network":{{network}}}""", OdlJson.Options));
        Assert.Equal(path, error.Path);
    }

    [Fact]
    public void A_spec_that_keeps_them_passes()
    {
        TrainingSpecRules.Check(Assignments.Spec("cnn"));
        TrainingSpecRules.Check(new TrainingSpec { Dataset = "d@v1", Program = TrainingProgram.Evaluate, Model = "m@3" });
    }
}
