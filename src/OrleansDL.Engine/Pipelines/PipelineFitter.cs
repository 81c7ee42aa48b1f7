using OrleansDL.Data;

namespace OrleansDL.Pipelines;

/// <summary>Learns a pipeline from the rows of the training split.</summary>
internal abstract class PipelineFitter
{
    public abstract void Add(Row row);

    public abstract Pipeline Fit(IReadOnlyList<string> labels);

    public static PipelineFitter For(InputPlan plan) => plan.Kind switch
    {
        "image" => new ImageFitter(plan),
        "text" => new TextFitter(plan),
        "series" => new SeriesFitter(plan),
        _ => new TableFitter(plan),
    };
}
