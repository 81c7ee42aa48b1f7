namespace OrleansDL.Demo;

/// <summary>One model of the demo: how it did on the golden rows, and how long it trained.</summary>
internal sealed record DemoModel(long Version, double Accuracy, double TrainSeconds);
