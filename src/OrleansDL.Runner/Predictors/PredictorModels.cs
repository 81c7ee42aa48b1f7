using OrleansDL.Inference;
using OrleansDL.Serving;

namespace OrleansDL.Runner.Predictors;

/// <summary>Loads whatever an artifact's folder holds.</summary>
internal static class PredictorModels
{
    /// <exception cref="OrleansDLException">It is no model that can be served; the message says why.</exception>
    public static async ValueTask<ITensorModel> LoadAsync(string folder, string model, CancellationToken cancellationToken)
    {
        if (File.Exists(Path.Combine(folder, PredictorSpec.File)))
        {
            return await PredictorModel.LoadAsync(folder, model, cancellationToken);
        }

        if (File.Exists(Path.Combine(folder, TorchModel.File)))
        {
            return TorchModel.Load(folder, model);
        }

        var session = ModelSession.Load(folder, model);
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
