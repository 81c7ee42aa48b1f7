using System.Text;
using OrleansDL.Inference;
using OrleansDL.Serving;
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
        var digits = TestFolder.Digits().Take(100).Select(line => line.Split(',')).ToList();
        var rows = string.Join(',', digits.Select(digit => $"[{string.Join(',', digit[..64])}]"));
        var answer = session.Predict(new PredictRequest { Rows = Encoding.UTF8.GetBytes($"[{rows}]") });
        Assert.InRange(digits.Zip(answer.Rows).Count(pair => pair.First[64] == pair.Second[0].Label), 90, 100);
    }
}
