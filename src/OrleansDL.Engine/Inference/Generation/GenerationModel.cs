using Microsoft.ML.OnnxRuntime;
using OrleansDL.Onnx;
using OrleansDL.Pipelines;
using OrleansDL.Pipelines.Tokens;
using OrleansDL.Training;

namespace OrleansDL.Inference.Generation;

/// <summary>A model that continues texts. Keys and values of the tokens before are kept where the artifact has a <c>generation.onnx</c>; any other model is given the whole text for each token.</summary>
public sealed class GenerationModel : IDisposable
{
    private const string File = "generation.onnx";

    private readonly ModelSession _session;
    private readonly TextPipeline _pipeline;
    private readonly InferenceSession? _cached;

    private GenerationModel(ModelSession session, TextPipeline pipeline, InferenceSession? cached) => (_session, _pipeline, _cached) = (session, pipeline, cached);

    /// <summary>Tokens of a text at most, those given and those added.</summary>
    public int MaximumTokens => _pipeline.MaxTokens;

    /// <summary>Tokens there are.</summary>
    public int TokenCount => _pipeline.TokenCount;

    /// <summary>Whether the work for a token does not grow with the text before it but by a look at what was kept of it.</summary>
    public bool IsCached => _cached is not null;

    /// <param name="folder">The artifact's.</param>
    /// <param name="session">Its model; it must live as long.</param>
    /// <returns>Null for a model that continues no texts.</returns>
    /// <exception cref="InvalidException">The artifact's files do not belong together.</exception>
    public static GenerationModel? Load(string folder, ModelSession session)
    {
        if (!session.ForetellsTokens)
        {
            return null;
        }

        var file = Path.Combine(folder, File);
        var cached = System.IO.File.Exists(file) ? Open(file, Path.Combine(folder, "weights.safetensors"), session.Model) : null;
        return new GenerationModel(session, (TextPipeline)session.Pipeline, cached);
    }

    /// <summary>The tokens of a text.</summary>
    /// <exception cref="InvalidException">It has none.</exception>
    /// <exception cref="TextTooLongException">It has as many as the model takes, so that none can follow.</exception>
    public long[] Encode(string text)
    {
        // A character is four bytes at most; one token more than fits tells that it is too long.
        var room = new long[(int)Math.Min(4L * text.Length, MaximumTokens)];
        var tokens = room[.._pipeline.Tokenized.Encode(text, room)];
        return tokens.Length switch
        {
            0 => throw new InvalidException($"There is no text for model '{_session.Model}' to go on from. Give one token at least."),
            var count when count >= MaximumTokens => throw new TextTooLongException(
                $"The text has {MaximumTokens} tokens or more, and model '{_session.Model}' takes {MaximumTokens} with those it adds. Give a shorter one."),
            _ => tokens,
        };
    }

    public string Decode(ReadOnlySpan<long> tokens) => _pipeline.Tokenized.Decode(tokens);

    /// <summary>Whether a token ends the text.</summary>
    public static bool IsEnd(long token) => token < Tokenizer.First;

    /// <param name="count">Rows at most.</param>
    public ITokenRows NewRows(int count) => _cached is null ? new WholeRows(_session, TokenCount, count) : new CachedRows(_cached, MaximumTokens, TokenCount, count);

    public void Dispose() => _cached?.Dispose();

    /// <summary>Null for a form of a later version, which is gone without.</summary>
    private static InferenceSession? Open(string file, string weights, string model)
    {
        var (tensors, _) = SafeTensors.Read(weights);
        var whole = OnnxGraph.AddWeights(
            System.IO.File.ReadAllBytes(file),
            tensors.Values.Where(tensor => tensor.Type == "F32").Select(tensor => (tensor.Name, tensor.Shape.ToArray(), tensor.Data)));
        using var options = ModelSession.Options();
        try
        {
            var session = new InferenceSession(whole, options);
            if (session.ModelMetadata.GraphName == OnnxPast.Form)
            {
                return session;
            }

            session.Dispose();
            return null;
        }
        catch (OnnxRuntimeException error)
        {
            throw new InvalidException($"{File} of model '{model}' cannot be loaded with its weights.safetensors: {error.Message}");
        }
    }
}
