using OrleansDL.Data;
using OrleansDL.Pipelines;
using OrleansDL.Training;

namespace OrleansDL.Targets;

/// <summary>Learns what there is to answer from the rows: the labels, or mean and deviation of the values.</summary>
internal abstract class TargetFitter
{
    /// <summary>Training rows of each label; empty where there are no labels.</summary>
    public abstract IReadOnlyDictionary<string, long> Counts { get; }

    /// <summary>Validation rows whose label is none of those fitted.</summary>
    public virtual long UnknownLabels(IReadOnlyList<string> labels) => 0;

    /// <exception cref="InvalidException">The row has no target that can be read.</exception>
    public abstract void Add(Row row, Side side);

    /// <summary>Ends the adding.</summary>
    /// <param name="assignment">Names the dataset and, where its version keeps one, the order of its labels.</param>
    /// <returns>Labels in the order of their numbers; none where there are no labels.</returns>
    /// <exception cref="InvalidException">The training rows leave nothing to learn.</exception>
    public abstract IReadOnlyList<string> Fit(RunnerAssignment assignment);

    public static TargetFitter For(InputPlan plan) => new LabelFitter(plan);
}
