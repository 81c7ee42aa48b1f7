using System.Text;
using OrleansDL.Workflows.Definitions;

namespace OrleansDL.Tests.Workflows;

public sealed class DefinitionTests
{
    private const string Head = "apiVersion: orleansdl/v1\nkind: Workflow\nname: w\n";
    private const string Train = "  train:\n    uses: train.run@1\n    with: { dataset: d, network: { family: mlp }, registerAs: m }\n";

    [Fact]
    public void Needs_follow_from_what_expressions_read_and_steps_come_in_order()
    {
        var definition = DefinitionReader.Read(DigitsWorkflow.Yaml);
        Assert.Equal(["train", "judge", "deploy"], DefinitionChecker.Check(definition).Select(step => step.Name));
        Assert.Equal(["train"], definition.Step("judge").Needs);
        Assert.Equal(["judge"], definition.Step("deploy").Needs);
        Assert.Equal(TimeSpan.FromHours(1), definition.Step("deploy").Timeout);
        Assert.Equal(1, definition.Step("train").Retry.Max);
    }

    [Fact]
    public void The_canonical_form_is_the_one_of_the_golden_file()
    {
        var definition = DefinitionReader.Read(DigitsWorkflow.Yaml);
        var golden = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "workflow.canonical.json")).TrimEnd();
        Assert.Equal(golden, DefinitionCanon.Write(definition));
        Assert.Equal("sha256:ac4088cf94e69f9221cd724085eac1f8616ce192515e73516edb7de3d35a8fde", DefinitionCanon.Digest(definition).ToString());
    }

    [Fact]
    public void Layout_comments_and_order_of_keys_do_not_change_the_digest()
    {
        var one = DefinitionReader.Read(Head + "steps:\n" + Train);
        var other = DefinitionReader.Read("# a comment\nkind: Workflow\nname: \"w\"\nsteps:\n  train:\n    with:\n      registerAs: m\n      network: {family: mlp}\n      dataset: d\n    uses: 'train.run@1'\napiVersion: orleansdl/v1\n");
        Assert.Equal(DefinitionCanon.Digest(one), DefinitionCanon.Digest(other));
        Assert.NotEqual(DefinitionCanon.Digest(one), DefinitionCanon.Digest(DefinitionReader.Read(Head + "deadline: 1h\nsteps:\n" + Train)));
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("a: [", "is no YAML (line 2, column 1)")]
    [InlineData("- 1", "The workflow (line 1): must be a map, but is a list")]
    [InlineData("apiVersion: v2\n", "apiVersion (line 1): must be 'orleansdl/v1', but is 'v2'")]
    [InlineData("apiVersion: orleansdl/v1\nkind: Workflow\nname: a b\nsteps: {}\n", "name (line 3): 'a b' is no workflow name")]
    [InlineData(Head, "'steps' is missing")]
    [InlineData(Head + "steps: {}\n", "steps (line 4): has 0 steps")]
    [InlineData(Head + "a: 1\na: 2\n", "the key 'a' stands twice")]
    [InlineData(Head + "stepz: {}\nsteps:\n" + Train, "stepz (line 4): 'stepz' means nothing here")]
    [InlineData(Head + "steps:\n" + Train + "    forEach: [1, 2]\n", "steps.train.forEach (line 8): 'forEach' is not supported yet")]
    [InlineData(Head + "steps:\n" + Train + "    approval: { roles: [lead] }\n", "'approval' is not supported yet")]
    [InlineData(Head + "triggers: [{ alert: psi }]\nsteps:\n" + Train, "triggers[0].alert (line 4): 'alert' is not supported yet")]
    [InlineData(Head + "triggers: [{ cron: often }]\nsteps:\n" + Train, "'often' is no cron schedule")]
    [InlineData(Head + "triggers: [{ cron: '0 3 * * 1', timezone: Mars/Base }]\nsteps:\n" + Train, "'Mars/Base' is no time zone")]
    [InlineData(Head + "triggers: [{ dataset: d, when: event.rowAdded > 1 }]\nsteps:\n" + Train, "'event' has no 'rowAdded'; it has")]
    [InlineData(Head + "triggers: [{ dataset: d, when: event.rows }]\nsteps:\n" + Train, "a condition must be true or false")]
    [InlineData(Head + "triggers: [{ dataset: d, debounce: soon }]\nsteps:\n" + Train, "'soon' is no duration")]
    [InlineData(Head + "concurrency: { group: g }\nsteps:\n" + Train, "'group' is not supported yet")]
    [InlineData(Head + "concurrency: { onConflict: explode }\nsteps:\n" + Train, "'explode' is not one of queue, replace, skip")]
    [InlineData(Head + "inputs: { n: { type: int, default: many } }\nsteps:\n" + Train, "inputs.n.default (line 4): must be a constant of type int, but is text")]
    [InlineData(Head + "inputs: { n: { type: int } }\ntriggers: [{ cron: '0 3 * * 1' }]\nsteps:\n" + Train, "inputs.n (line 4): needs a 'default'")]
    [InlineData(Head + "steps:\n  a-b: { uses: train.run@1 }\n", "'a-b' cannot be a step's name")]
    [InlineData(Head + "steps:\n  a: { uses: magic@1 }\n", "steps.a (line 5): there is no step type 'magic@1'; known are model.deploy@1, model.evaluate@1, train.run@1")]
    [InlineData(Head + "steps:\n  a: { uses: train.run@1 }\n", "train.run@1 needs 'dataset'")]
    [InlineData(Head + "steps:\n" + Train + "    needs: [prep]\n", "steps.train.needs[0] (line 8): there is no step 'prep'")]
    [InlineData(Head + "steps:\n  a:\n    uses: train.run@1\n    with: { dataset: d, network: { family: mlp }, epoch: 3 }\n", "steps.a.with.epoch (line 7): train.run@1 takes no 'epoch'")]
    [InlineData(Head + "steps:\n  a:\n    uses: train.run@1\n    with: { dataset: d, network: { family: mlp }, epochs: three }\n", "steps.a.with.epochs (line 7): must be a int, but is a string")]
    [InlineData(Head + "steps:\n  a:\n    uses: train.run@1\n    with: { dataset: d, network: { family: mlp, depth: 3 } }\n", "steps.a.with.network (line 7): The JSON property 'depth' could not be mapped")]
    [InlineData(Head + "steps:\n  a:\n    uses: train.run@1\n    with: { dataset: '${{ steps.b.model }}', network: { family: mlp } }\n", "there is no step 'b'", "'steps' has no 'b'; it has none")]
    [InlineData(Head + "steps:\n" + Train + "  b:\n    uses: model.evaluate@1\n    with: { model: '${{ steps.train.modle }}', dataset: d }\n", "steps.b.with.model (line 10): 'steps.train' has no 'modle'; it has dataset, metrics, model, run")]
    [InlineData(Head + "steps:\n" + Train + "  b:\n    uses: model.evaluate@1\n    with: { model: '${{ steps.train.metrics }}', dataset: d }\n", "must be a string, but is a map")]
    [InlineData(Head + "steps:\n" + Train + "    if: inputs.x > 1\n", "steps.train.if (line 8): 'inputs' has no 'x'")]
    [InlineData(Head + "steps:\n" + Train + "    criteria: { good: metrics.accuracy >= 0.5, bad: model + 1 }\n", "steps.train.criteria.bad (line 8): + does not go between 'model' (string) and '1' (int)")]
    [InlineData(Head + "steps:\n" + Train + "    criteria: { good: '${{ true }}' }\n", "is an expression already")]
    [InlineData(Head + "steps:\n  a: { uses: model.deploy@1, with: { model: '${{ steps.b.model }}', deployment: x } }\n  b: { uses: model.deploy@1, with: { model: '${{ steps.a.model }}', deployment: y } }\n", "the steps wait for each other: a -> b -> a")]
    [InlineData(Head + "steps:\n  a: { uses: model.deploy@1, with: { model: m } }\n", "needs either 'deployment' or 'endpoint'")]
    [InlineData(Head + "steps:\n  a:\n    uses: train.run@1\n    with: { dataset: d, network: { family: mlp } }\n  b:\n    uses: model.evaluate@1\n    with: { model: '${{ steps.a.model }}', dataset: d }\n", "'steps.a' has no 'model'; it has dataset, metrics, run")]
    [InlineData(Head + "finally: {}\nsteps:\n" + Train, "'finally' is not supported yet")]
    [InlineData(Head + "steps: *nothing\n", "the alias '*nothing' has no anchor")]
    [InlineData(Head + "steps: !!python/object {}\n", "are not used in workflows")]
    [InlineData(Head + "inputs: { n: { type: int, default: 99999999999999999999 } }\n", "does not fit in 64 bits")]
    [InlineData(Head + "---\na: 1\n", "a second document begins")]
    public void What_cannot_be_carried_out_is_refused_with_its_place(string yaml, params string[] oneOf)
    {
        var problem = Assert.ThrowsAny<InvalidException>(() => DefinitionChecker.Check(DefinitionReader.Read(yaml)));
        Assert.True(oneOf.Any(part => problem.Message.Contains(part, StringComparison.Ordinal)), problem.Message);
    }

    [Fact]
    public void An_alias_bomb_is_refused_before_it_unfolds()
    {
        var yaml = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var level = 1; level < 12; level++)
        {
            yaml.Append(System.Globalization.CultureInfo.InvariantCulture, $"a{level}: &a{level} [{string.Join(", ", Enumerable.Repeat($"*a{level - 1}", 10))}]\n");
        }

        Assert.Contains("more than 20000 values", Assert.Throws<InvalidException>(() => YamlReader.Read(yaml.ToString())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_text_is_read_or_refused_and_nothing_else()
    {
        string[] words = ["apiVersion", "kind", "steps", ":", " ", "\n", "\n  ", "[", "]", "{", "}", "- ", "? ", "&a", "*a", "'", "\"", "|", ">", "#", "%", "@", "`", "!", "---", "...", "x", "1", "~", ", ", "<<", "\t", "\u0001", "\ud800"];
        var random = new Random(3);
        for (var round = 0; round < 20_000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 14)).Select(_ => words[random.Next(words.Length)]));
            try
            {
                DefinitionReader.Read(text);
            }
            catch (InvalidException)
            {
                // Refusal is one of the two answers asked for.
            }
            catch (Exception other)
            {
                Assert.Fail($"{System.Text.Json.JsonSerializer.Serialize(text)}: {other}");
            }
        }
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{a: ", "}")]
    public void Deep_nesting_is_refused(string open, string close)
    {
        var yaml = "x: " + string.Concat(Enumerable.Repeat(open, 5000)) + "1" + string.Concat(Enumerable.Repeat(close, 5000));
        Assert.Throws<InvalidException>(() => YamlReader.Read(yaml));
    }

    [Fact]
    public void A_file_over_the_limit_is_refused() =>
        Assert.Throws<TooLargeException>(() => YamlReader.Read(new string(' ', YamlReader.MaximumLength + 1)));
}
