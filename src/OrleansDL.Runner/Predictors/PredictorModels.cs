using OrleansDL.Inference;
using OrleansDL.Serving;

namespace OrleansDL.Runner.Predictors;

/// <summary>Loads whatever an artifact's folder holds.</summary>
internal static class PredictorModels
{
    /// <summary>Whether ONNX Runtime runs what the folder holds.</summary>
    public static bool IsOnnx(string folder) => !File.Exists(Path.Combine(folder, PredictorSpec.File)) && !File.Exists(Path.Combine(folder, TorchModel.File));

    /// <param name="folder">The artifact's folder.</param>
    /// <param name="model">What messages call the model.</param>
    /// <param name="runtime">How ONNX Runtime runs it; null: each run takes its caller's thread and no other.</param>
    /// <param name="cancellationToken">Ends the loading.</param>
    /// <exception cref="OrleansDLException">It is no model that can be served; the message says why.</exception>
    public static async ValueTask<ITensorModel> LoadAsync(string folder, string model, RuntimeSettings? runtime, CancellationToken cancellationToken)
    {
        if (File.Exists(Path.Combine(folder, PredictorSpec.File)))
        {
            return await PredictorModel.LoadAsync(folder, model, cancellationToken);
        }

        if (File.Exists(Path.Combine(folder, TorchModel.File)))
        {
            return TorchModel.Load(folder, model);
        }

        var session = ModelSession.Load(folder, model, runtime: runtime);
        try
        {
            session.Warm();
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }
}
