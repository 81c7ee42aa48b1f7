using System.Text.Json;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

/// <summary>What was stored or said once is read for ever, and written the same.</summary>
public sealed class TrainingGoldenTests
{
    [Theory]
    [InlineData("scheduler-state.json", typeof(SchedulerState))]
    [InlineData("training-run-state.json", typeof(TrainingRunState))]
    [InlineData("assignment.json", typeof(RunnerAssignment))]
    [InlineData("report.json", typeof(RunReport))]
    public async Task A_record_is_read_and_written_as_it_always_was(string file, Type type)
    {
        var golden = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Golden", "training", file));
        Assert.Equal(golden, JsonSerializer.Serialize(JsonSerializer.Deserialize(golden, type, OdlJson.Options), type, OdlJson.Options));
    }
}
