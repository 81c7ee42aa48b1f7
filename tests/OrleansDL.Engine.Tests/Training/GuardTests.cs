using System.Globalization;
using OrleansDL.Datasets;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

/// <summary>Steps that would spoil the weights: one row of the data bears the wrong label.</summary>
[Collection("torch")]
public sealed class GuardTests
{
    private static readonly IReadOnlyList<Column> Columns = [Assignments.Numeric("a"), Assignments.Numeric("b"), Assignments.Text("label")];

    [Theory]
    [InlineData("skip", "the step was left out")]
    [InlineData("rollback", "the weights went back to the last good ones")]
    public void A_step_whose_loss_leaps_is_undone_and_told(string action, string told)
    {
        using var folder = new TestFolder();
        var log = new List<string>();
        var spec = Spec() with { Guard = new GuardSpec { Action = action, SpikeFactor = 5, Window = 8, GoodSteps = action == "rollback" ? 2 : null } };
        Train(folder, "out", spec, log);
        var line = Assert.Single(log, entry => entry.Contains("bad step 1", StringComparison.Ordinal));
        Assert.Matches(@"^At step \d+ the loss leapt to \d+.* from a median of ", line);
        Assert.Contains(told, line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_guard_that_stops_names_the_step_and_what_to_do()
    {
        using var folder = new TestFolder();
        var error = Assert.Throws<InvalidException>(() => Train(folder, "out", Spec() with { Guard = new GuardSpec { Action = "stop", SpikeFactor = 5, Window = 8 } }, []));
        Assert.Matches(@"^At step \d+ the loss leapt to .*set guard\.action to 'skip' or 'rollback'", error.Message);
    }

    [Fact]
    public void Too_many_bad_steps_fail_the_run()
    {
        using var folder = new TestFolder();
        var error = Assert.Throws<InvalidException>(() => Train(folder, "out", Spec() with { Epochs = 9, Guard = new GuardSpec { SpikeFactor = 5, Window = 8, Limit = 2 } }, []));
        Assert.Contains("bad step 3, and guard.limit is 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loss_that_is_no_number_is_left_out_too()
    {
        var guard = new StepGuard(new GuardSpec());
        Assert.Equal("the loss became NaN", guard.Judge(new GuardState(), float.NaN, 1));
        Assert.Equal("a gradient is no number", guard.Judge(new GuardState(), 1, double.PositiveInfinity));
        Assert.Null(guard.Judge(new GuardState(), 1e30f, 1));
    }

    [Fact]
    public void A_leap_is_measured_by_the_median_of_the_last_losses_alone()
    {
        var guard = new StepGuard(new GuardSpec { SpikeFactor = 3, Window = 8 });
        var state = new GuardState();
        foreach (var loss in new float[] { 100, 100, 1, 1, 1, 1, 1, 1, 2, 2 })
        {
            state = guard.AfterGood(state, loss);
        }

        Assert.Equal([1, 1, 1, 1, 1, 1, 2, 2], state.Losses);
        Assert.Null(guard.Judge(state, 3, 1));
        Assert.NotNull(guard.Judge(state, 3.01f, 1));
    }

    private static TrainingSpec Spec() => Assignments.Spec() with
    {
        Network = new NetworkSpec { Family = "mlp", Hidden = [8] },
        Optimizer = "sgd",
        LearningRate = 0.1,
        BatchSize = 16,
        Epochs = 2,
        ValidationFraction = 0,
    };

    private static void Train(TestFolder folder, string name, TrainingSpec spec, List<string> log)
    {
        // The sign tells the label, but for the last row: learnt well, it is a leap.
        var rows = Enumerable.Range(0, 2000).Select(row => string.Create(
            CultureInfo.InvariantCulture, $"{(row % 2 * 2) - 1 + (0.1 * Math.Sin(row))},{Math.Cos(row * 3)},{(row % 2 == 0 ? "even" : "odd")}")).Append("-1,0,odd");
        var assignment = Assignments.Csv(folder["data"], spec, Columns, rows);
        TrainingJob.Run(assignment, folder["data"], folder[name], folder.Make("none"), "cpu", new TrainingHooks { Logged = log.Add }, TimeProvider.System);
    }
}
