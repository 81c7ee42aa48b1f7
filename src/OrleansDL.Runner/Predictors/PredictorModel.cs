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
            var signature = await predictor.LoadAsync(loaded, cancellationToken);
            if (signature.Decoupled is true && predictor is not IDecoupledPredictor)
            {
                throw new InvalidException($"The signature of model '{model}' says that it is decoupled, and {predictor.GetType().Name} is no {nameof(IDecoupledPredictor)}.");
            }

            loaded.Describe(signature);
            return loaded;
        }
        catch (Exception error)
        {
            loaded.Dispose();
            throw error is OrleansDLException or OperationCanceledException ? error : new InvalidException($"The predictor of model '{model}' did not load: {error.GetType().Name}: {error.Message}");
        }
    }

    protected override ValueTask<IReadOnlyList<Tensor>> RunAsync(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken) => Signature.Decoupled is not true
        ? _predictor.PredictAsync(inputs, cancellationToken)
        : throw new InvalidException($"Model '{Model}' is decoupled: it gives any number of answers, and is asked by ModelStreamInfer or generate_stream.");

    protected override IAsyncEnumerable<IReadOnlyList<Tensor>> RunDecoupledAsync(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken) =>
        Signature.Decoupled is true ? ((IDecoupledPredictor)_predictor).AnswersAsync(inputs, cancellationToken) : base.RunDecoupledAsync(inputs, cancellationToken);

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
