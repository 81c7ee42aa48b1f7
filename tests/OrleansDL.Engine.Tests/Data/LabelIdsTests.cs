using OrleansDL.Data;

namespace OrleansDL.Tests.Data;

public sealed class LabelIdsTests
{
    [Fact]
    public void Labels_have_the_ids_that_the_versions_list_gives_them()
    {
        using var folder = new TestFolder();
        using var data = Load(folder, ["zebra", "ape", "mule"], "ape", "zebra", "cow");

        Assert.Equal(["zebra", "ape", "mule", "cow"], data.Pipeline.Labels);
        Assert.Equal([1, 0, 3], data.Training.Encoded!.Numbers!.Take(3));
    }

    [Fact]
    public void Without_a_list_labels_are_sorted()
    {
        using var folder = new TestFolder();
        using var data = Load(folder, null, "zebra", "ape", "cow");
        Assert.Equal(["ape", "cow", "zebra"], data.Pipeline.Labels);
    }

    private static TrainingData Load(TestFolder folder, string[]? listed, params string[] labels) => TrainingData.Load(
        Assignments.Csv(
            folder.Path,
            Assignments.Spec() with { ValidationFraction = 0 },
            [Assignments.Numeric("x"), Assignments.Text("kind")],
            labels.Select((label, row) => $"{row},{label}")) with
        { Labels = listed },
        folder.Path);
}
