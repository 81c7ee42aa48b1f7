using OrleansDL.Inference;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

[Collection("torch")]
public sealed class GpuTests
{
    [GpuFact]
    public void A_network_trains_on_a_gpu_and_is_served_the_same()
    {
        using var folder = new TestFolder();
        var assignment = Assignments.Digits(folder["data"], Assignments.Spec("cnn") with { Epochs = 5 });
        TrainingJob.Run(assignment, folder["data"], folder["out"], folder.Make("checkpoints"), "cuda:0", new TrainingHooks(), TimeProvider.System);
        using var session = ModelSession.Load(folder["out"]);
        Assert.Equal(10, session.Labels.Count);
    }
}
