using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

public sealed class RunnerLogTests
{
    [Fact]
    public void The_reason_is_the_last_lines_of_stderr()
    {
        var log = new RunnerLog();
        for (var line = 1; line <= 50; line++)
        {
            log.Take($"error {line}", error: true);
            log.Take($"output {line}", error: false);
        }

        Assert.StartsWith("error 31\n", log.Reason(), StringComparison.Ordinal);
        Assert.EndsWith("error 50", log.Reason(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_gone_mad_is_cut_off()
    {
        var log = new RunnerLog();
        Assert.Equal(RunnerLog.MaximumLine + 3, log.Take(new string('x', 1_000_000), error: false)!.Length);
        for (var line = 1; line < RunnerLog.MaximumLines; line++)
        {
            Assert.NotNull(log.Take("x", error: false));
        }

        Assert.Contains("dropped", log.Take("x", error: false), StringComparison.Ordinal);
        Assert.Null(log.Take("x", error: false));
    }
}
