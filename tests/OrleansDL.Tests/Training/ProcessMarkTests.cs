using System.Diagnostics;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

public sealed class ProcessMarkTests
{
    [Fact]
    public async Task A_process_that_is_left_over_is_ended()
    {
        using var process = Process.Start("sleep", "600");
        var mark = new ProcessMark(process.Id, ProcessMark.StartTimeOf(process.Id));
        Assert.True(mark.IsAlive);

        mark.Kill();

        await process.WaitForExitAsync();
        Assert.False(mark.IsAlive);
    }

    [Fact]
    public async Task One_that_has_ended_by_itself_is_no_error()
    {
        using var process = Process.Start("true");
        var mark = new ProcessMark(process.Id, ProcessMark.StartTimeOf(process.Id));
        await process.WaitForExitAsync();

        mark.Kill();

        Assert.False(mark.IsAlive);
    }

    [Fact]
    public void A_later_process_of_the_same_id_is_left_alone()
    {
        using var process = Process.Start("sleep", "600");
        new ProcessMark(process.Id, ProcessMark.StartTimeOf(process.Id) - 1).Kill();

        Assert.False(process.HasExited);
        process.Kill();
    }
}
