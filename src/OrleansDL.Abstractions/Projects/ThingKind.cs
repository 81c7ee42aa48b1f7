namespace OrleansDL.Projects;

/// <summary>What a name can name. The numbers are stored: they never change.</summary>
public enum ThingKind
{
    Project = 0,
    Dataset = 1,
    TrainingRun = 2,
    Model = 3,
    Deployment = 4,
    Workflow = 5,
    WorkflowRun = 6,
    Study = 7,
    Code = 8,
}
