using OrleansDL.Inference;
using OrleansDL.Training;

namespace OrleansDL.Tests.Inference;

/// <summary>One small trained model for all tests of the class.</summary>
public sealed class TinyModel : IDisposable
{
    private readonly TestFolder _folder = new();

    public TinyModel()
    {
        var spec = Assignments.Spec() with { Epochs = 4, ValidationFraction = 0 };
        TrainingJob.Run(Assignments.Digits(_folder["data"], spec, row => row < 400), _folder["data"], _folder["out"], _folder.Make("checkpoints"), "cpu", new TrainingHooks(), TimeProvider.System);
        Session = ModelSession.Load(_folder["out"], "digits");
        Session.Warm();
    }

    public ModelSession Session { get; }

    public string Folder => _folder["out"];

    public void Dispose()
    {
        Session.Dispose();
        _folder.Dispose();
    }
}
