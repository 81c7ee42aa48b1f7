using System.Globalization;
using System.Text.Json;
using OrleansDL.Native;
using OrleansDL.Serving;
using TorchSharp;

namespace OrleansDL.Runner.Predictors;

/// <summary>A TorchScript file (<c>model.pt</c>), with its signature beside it: the file itself names neither shapes nor outputs.</summary>
internal sealed class TorchModel : ForeignModel
{
    public const string File = "model.pt";
    private const string SignatureFile = "signature.json";

    private readonly torch.jit.ScriptModule _module;
    private readonly IReadOnlyList<TensorSpec> _inputs;
    private readonly IReadOnlyList<TensorSpec> _outputs;

    private TorchModel(torch.jit.ScriptModule module, ModelSignature signature, string model)
        : base(model)
    {
        _module = module;
        Describe(signature);
        (_inputs, _outputs) = (InOrder(signature.Inputs), InOrder(signature.Outputs));
        foreach (var spec in signature.Inputs.Concat(signature.Outputs))
        {
            TypeOf(spec.Type, spec.Name);
        }
    }

    /// <exception cref="InvalidException">The files are no model; the message says why.</exception>
    public static TorchModel Load(string folder, string model)
    {
        var file = Path.Combine(folder, SignatureFile);
        if (!System.IO.File.Exists(file))
        {
            throw new InvalidException($"Model '{model}' has a {File} and no {SignatureFile}. A configuration with its inputs (INPUT__0, ...) and outputs (OUTPUT__0, ...) stands for one.");
        }

        ModelSignature signature;
        try
        {
            signature = JsonSerializer.Deserialize<ModelSignature>(System.IO.File.ReadAllBytes(file), OdlJson.Options) ?? throw new InvalidException($"{SignatureFile} holds null.");
        }
        catch (JsonException error)
        {
            throw new InvalidException($"{SignatureFile} of model '{model}' cannot be read: {error.Message}");
        }

        TorchLibrary.Load();
        torch.set_num_threads(1);
        try
        {
            var module = torch.jit.load(Path.Combine(folder, File));
            module.eval();
            return new TorchModel(module, signature, model);
        }
        catch (Exception error) when (error is not OrleansDLException)
        {
            throw new InvalidException($"Model '{model}' cannot be loaded: {FirstLine(error)}");
        }
    }

    protected override ValueTask<IReadOnlyList<Tensor>> RunAsync(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        var given = _inputs.Select(spec => (object)Of(inputs.First(input => input.Name == spec.Name))).ToArray();
        object answer;
        try
        {
            answer = _module.invoke("forward", given);
        }
        catch (System.Runtime.InteropServices.ExternalException error)
        {
            throw new InvalidException($"model '{Model}' refused the input: {FirstLine(error)}");
        }

        var put = Flatten(answer).ToList();
        return put.Count == _outputs.Count
            ? ValueTask.FromResult<IReadOnlyList<Tensor>>([.. _outputs.Zip(put).Select(pair => Of(pair.First, pair.Second))])
            : throw new InvalidException($"Model '{Model}' put out {put.Count} tensors, and its signature names {_outputs.Count} outputs.");
    }

    protected override void Dispose(bool disposing) => _module.Dispose();

    private static IEnumerable<torch.Tensor> Flatten(object answer) => answer switch
    {
        torch.Tensor tensor => [tensor],
        System.Runtime.CompilerServices.ITuple tuple => Enumerable.Range(0, tuple.Length).SelectMany(index => Flatten(tuple[index]!)),
        System.Collections.IEnumerable several and not string => several.Cast<object>().SelectMany(Flatten),
        _ => throw new InvalidException($"The model put out a {answer?.GetType().Name ?? "nothing"}, and tensors, or lists or tuples of them, are served."),
    };

    private static torch.Tensor Of(Tensor input)
    {
        var tensor = torch.empty(input.Shape, dtype: TypeOf(input.Type, input.Name));
        input.Data.Span.CopyTo(tensor.bytes);
        return tensor;
    }

    private static Tensor Of(TensorSpec spec, torch.Tensor output)
    {
        var type = TypeOf(spec.Type, spec.Name);
        var whole = output.dtype == type
            ? output.cpu().contiguous()
            : throw new InvalidException($"The model put out '{spec.Name}' as {output.dtype}, and its signature says {type}.");
        return new Tensor { Name = spec.Name, Type = spec.Type, Shape = whole.shape, Data = whole.bytes.ToArray() };
    }

    /// <summary>By the numbers at the end of their names (<c>INPUT__0</c>) where all have one, else as they are listed.</summary>
    private static List<TensorSpec> InOrder(IReadOnlyList<TensorSpec> specs) => specs.All(spec => NumberOf(spec) is not null)
        ? [.. specs.OrderBy(NumberOf)]
        : [.. specs];

    private static int? NumberOf(TensorSpec spec) =>
        spec.Name.LastIndexOf("__", StringComparison.Ordinal) is >= 0 and var at && int.TryParse(spec.Name.AsSpan(at + 2), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static torch.ScalarType TypeOf(TensorElementType type, string name) => type switch
    {
        TensorElementType.Bool => torch.ScalarType.Bool,
        TensorElementType.UInt8 => torch.ScalarType.Byte,
        TensorElementType.Int8 => torch.ScalarType.Int8,
        TensorElementType.Int16 => torch.ScalarType.Int16,
        TensorElementType.Int32 => torch.ScalarType.Int32,
        TensorElementType.Int64 => torch.ScalarType.Int64,
        TensorElementType.Fp16 => torch.ScalarType.Float16,
        TensorElementType.Bf16 => torch.ScalarType.BFloat16,
        TensorElementType.Fp32 => torch.ScalarType.Float32,
        TensorElementType.Fp64 => torch.ScalarType.Float64,
        _ => throw new InvalidException($"'{name}' is of type {type}, which libtorch has no tensors of."),
    };

    // libtorch adds a stack of its own to what it says.
    private static string FirstLine(Exception error) => error.Message.Split('\n')[0];
}
