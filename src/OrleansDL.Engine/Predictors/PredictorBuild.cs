namespace OrleansDL.Predictors;

/// <summary>Says whether two processes are of one build: the messages between them are promised to nobody else.</summary>
public static class PredictorBuild
{
    public static string Id { get; } = typeof(PredictorBuild).Module.ModuleVersionId.ToString("N");
}
