namespace OrleansDL.Events;

/// <summary>The types of events. Appending to this list is free; a type's name and fields are a promise.</summary>
public static class EventTypes
{
    public const string DatasetCommitted = "dataset.committed";
    public const string DatasetImportFinished = "dataset-import.finished";
    public const string BatchPredictionFinished = "batch-prediction.finished";
    public const string TrainingRunChanged = "training-run.changed";
    public const string ModelVersionRegistered = "model-version.registered";
    public const string ModelAliasChanged = "model-alias.changed";
    public const string DeploymentChanged = "deployment.changed";
    public const string WorkflowRunFinished = "workflow-run.finished";
}
