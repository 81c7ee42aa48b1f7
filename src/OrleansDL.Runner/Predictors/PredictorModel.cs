using System.Text.Json;
using OrleansDL.Serving;

namespace OrleansDL.Runner.Predictors;

/// <summary>A user's predictor as a model.</summary>
internal sealed class PredictorModel : ForeignModel, IPredictorContext
{
    private readonly IPredictor _predictor;

    private PredictorModel(IPredictor predictor, string model, string artifact, string code)
        : base(model) => (_predictor, ArtifactFolder, CodeFolder) = (predictor, artifact, code);

    public string ArtifactFolder { get; }

    public string CodeFolder { get; }

    /// <exception cref="InvalidException">There is no such predictor, or it did not load.</exception>
    public static async Task<PredictorModel> LoadAsync(string folder, string model, CancellationToken cancellationToken)
    {
        var spec = Read(Path.Combine(folder, PredictorSpec.File));
        var code = spec.Code is null ? folder : Path.Combine(folder, PredictorSpec.CodeFolder);
        var predictor = Plugin.Load<IPredictor>(
            code, spec.Assembly, "Put the files that 'dotnet publish' makes into the artifact or push them as code, and name the assembly in predictor.json.");
        var loaded = new PredictorModel(predictor, model, folder, code);
        try
        {
            loaded.Describe(await predictor.LoadAsync(loaded, cancellationToken));
            return loaded;
        }
        catch (Exception error)
        {
            loaded.Dispose();
            throw error is OrleansDLException or OperationCanceledException ? error : new InvalidException($"The predictor of model '{model}' did not load: {error.GetType().Name}: {error.Message}");
        }
    }

    protected override ValueTask<IReadOnlyList<Tensor>> RunAsync(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken) => _predictor.PredictAsync(inputs, cancellationToken);

    protected override void Dispose(bool disposing) => (_predictor as IDisposable)?.Dispose();

    private static PredictorSpec Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<PredictorSpec>(File.ReadAllBytes(file), OdlJson.Options) ?? throw new InvalidException($"{PredictorSpec.File} holds null.");
        }
        catch (JsonException error)
        {
            throw new InvalidException($"{PredictorSpec.File} cannot be read: {error.Message}");
        }
    }
}
