using OrleansDL.Serving.Rpc;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.Repository;

/// <summary>An engine that a model's configuration may ask for.</summary>
/// <param name="Name">The configuration's <c>backend</c>.</param>
/// <param name="Platform">The configuration's <c>platform</c>; empty where the protocol knows none.</param>
/// <param name="File">Name of the model's own file in an artifact.</param>
internal sealed record Backend(string Name, string Platform, string File)
{
    /// <summary>What it takes and gives, beside a file that does not say so itself.</summary>
    public const string SignatureFile = "signature.json";

    public static Backend Onnx { get; } = new("onnxruntime", "onnxruntime_onnx", Registration.ModelFile);

    public static Backend Torch { get; } = new("pytorch", "pytorch_libtorch", "model.pt");

    /// <summary>A predictor in .NET.</summary>
    public static Backend Dotnet { get; } = new("dotnet", "", PredictorSpec.File);

    private static Backend[] All { get; } = [Onnx, Torch, Dotnet];

    /// <exception cref="InvalidException">It asks for another engine.</exception>
    public static Backend Of(ModelConfig config)
    {
        var found = Array.Find(All, known => (config.Backend.Length == 0 || config.Backend == known.Name) && (config.Platform.Length == 0 || config.Platform == known.Platform || config.Platform == known.Name));
        ConfigRules.Refuse(found is null, $"platform '{config.Platform}', backend '{config.Backend}' (the backends are {string.Join(", ", All.Select(known => known.Name))})");
        return found!;
    }

    /// <summary>What the protocol's metadata call it.</summary>
    public string ShownPlatform => Platform.Length > 0 ? Platform : Name;

    /// <summary>What runs an artifact, as routes have it: null for ONNX Runtime.</summary>
    public static string? NameIn(IReadOnlyDictionary<string, BlobRef> artifact) => Array.Find(All, known => known != Onnx && artifact.ContainsKey(known.File))?.Name;

    /// <summary>By the name that routes have; one that is not known here counts as ONNX Runtime.</summary>
    public static Backend Of(string? name) => Array.Find(All, known => known.Name == name) ?? Onnx;

    /// <summary>The signature that a configuration declares.</summary>
    /// <exception cref="InvalidException">It declares none, or one of a type that is not served.</exception>
    public static ModelSignature Declared(ModelConfig config) => config.Input.Count > 0 && config.Output.Count > 0
        ? new ModelSignature
        {
            Inputs = [.. config.Input.Select(input => Spec(input.Name, input.DataType, input.Dims, config))],
            Outputs = [.. config.Output.Select(output => Spec(output.Name, output.DataType, output.Dims, config))],
        }
        : throw new InvalidException($"The configuration of '{config.Name}' lists no inputs or no outputs, and a TorchScript file does not name them: give input (INPUT__0, ...) and output (OUTPUT__0, ...).");

    private static TensorSpec Spec(string name, DataType type, IEnumerable<long> dims, ModelConfig config) => new()
    {
        Name = name,
        Type = Enum.GetValues<TensorElementType>().Cast<TensorElementType?>().FirstOrDefault(known => ModelConfigs.TypeOf(known!.Value) == type)
            ?? throw new InvalidException($"The configuration of '{config.Name}' gives '{name}' no data_type that is served."),
        Shape = config.MaxBatchSize > 0 ? [-1, .. dims] : [.. dims],
    };
}
