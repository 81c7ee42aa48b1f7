using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL.Datasets;

/// <summary><c>odl dataset labels</c></summary>
internal static class LabelsCommand
{
    public static Command Create()
    {
        var column = new Option<string?>("--column", "-c") { Description = "Whose labels. Default: the column that training takes by itself." };
        return new Command("labels", "The labels of a version, in the order of the ids that training gives them.") { VersionArgument.Dataset, VersionArgument.Version, column }.Does(async (session, cancel) =>
        {
            var (dataset, version) = VersionArgument.Of(session);
            var labels = await session.Client.Datasets.GetLabelsAsync(dataset, version, session.Get(column), cancel);
            session.Screen.Show(labels, found =>
            {
                if (found.Labels is { } list)
                {
                    session.Screen.Table(["id", "label"], list.Select((label, id) => new[] { $"{id}", label }));
                }
                else
                {
                    session.Screen.Line($"Column '{found.Column}' holds no labels: it is neither text nor whole numbers, or has more than {Format.Count(DatasetLabels.MaximumLabels)} values.");
                }
            });
        });
    }
}
