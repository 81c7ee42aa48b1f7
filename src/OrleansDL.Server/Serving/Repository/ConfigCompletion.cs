using Google.Protobuf.Collections;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Rpc;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.Repository;

/// <summary>Fills in what a model's configuration leaves open from the model itself, and compares what both say.</summary>
internal static class ConfigCompletion
{
    /// <param name="config">Completed in place.</param>
    /// <param name="signature">What the model says; null when it could not be read.</param>
    /// <param name="givesBatchSize">Whether the configuration says <c>max_batch_size</c>.</param>
    /// <param name="defaultBatchSize">Rows for a model that can run requests together and does not say how many.</param>
    /// <exception cref="InvalidException">Configuration and model contradict each other.</exception>
    public static void Complete(ModelConfig config, ModelSignature? signature, bool givesBatchSize, int defaultBatchSize)
    {
        if (signature is not null && !givesBatchSize && CanBatch(config, signature))
        {
            config.MaxBatchSize = defaultBatchSize;
            if (defaultBatchSize > 1 && config.SchedulingChoiceCase is ModelConfig.SchedulingChoiceOneofCase.None)
            {
                config.DynamicBatching = new ModelDynamicBatching();
            }
        }

        if (config.MaxBatchSize == 0 && config.DynamicBatching is not null)
        {
            throw new InvalidException("dynamic batching preferred size must be <= max batch size: the configuration has dynamic_batching and max_batch_size 0.");
        }

        if (config.SequenceBatching is { MaxSequenceIdleMicroseconds: 0 } sequences)
        {
            sequences.MaxSequenceIdleMicroseconds = (ulong)new SequenceSpec().MaximumIdleMicroseconds;
        }

        var backend = Backend.Of(config);
        (config.Platform, config.Backend) = (backend.Platform, backend.Name);
        config.VersionPolicy ??= new ModelVersionPolicy { Latest = new ModelVersionPolicy.Types.Latest { NumVersions = 1 } };
        config.DefaultModelFilename = config.DefaultModelFilename is { Length: > 0 } given ? given : backend.File;
        if (config.InstanceGroup.Count == 0)
        {
            config.InstanceGroup.Add(new ModelInstanceGroup { Kind = ModelInstanceGroup.Types.Kind.Cpu, Count = 1 });
        }

        foreach (var (index, group) in config.InstanceGroup.Index())
        {
            group.Name = group.Name is { Length: > 0 } name ? name : $"{config.Name}_{index}";
            group.Count = Math.Max(1, group.Count);
        }

        if (signature is not null)
        {
            CompleteTensors(config, signature with
            {
                Inputs = [.. signature.Inputs.Where(spec => !ConfigSequence.Hides(config, spec.Name) && !ConfigRagged.Hides(config, spec.Name))],
                Outputs = [.. signature.Outputs.Where(spec => !ConfigSequence.Hides(config, spec.Name))],
            });
        }
    }

    private static bool CanBatch(ModelConfig config, ModelSignature signature) =>
        signature.Inputs.Concat(signature.Outputs).All(spec => spec.Shape is [-1, ..])
        && !config.Input.Any(input => signature.Inputs.Any(spec => spec.Name == input.Name && spec.Shape.Count == input.Dims.Count))
        && !config.Output.Any(output => signature.Outputs.Any(spec => spec.Name == output.Name && spec.Shape.Count == output.Dims.Count));

    private static void CompleteTensors(ModelConfig config, ModelSignature signature)
    {
        var batched = config.MaxBatchSize > 0;
        foreach (var input in config.Input)
        {
            var spec = Known(signature.Inputs, input.Name, "input", config);
            input.DataType = Type(input.DataType, spec, "input", config);
            if (ConfigRagged.IsFlat(config, input.Name))
            {
                CheckFlat(spec, config.Name);
                continue;
            }

            Complete(input.Dims, input.Reshape?.Shape, spec, batched, config.Name);
        }

        foreach (var output in config.Output)
        {
            var spec = Known(signature.Outputs, output.Name, "output", config);
            output.DataType = Type(output.DataType, spec, "output", config);
            if (ConfigRagged.IsFlat(config, output.Name))
            {
                continue;
            }

            Complete(output.Dims, output.Reshape?.Shape, spec, batched, config.Name);
        }

        foreach (var spec in signature.Inputs.Where(spec => config.Input.All(input => input.Name != spec.Name)))
        {
            var input = new ModelInput { Name = spec.Name, DataType = ModelConfigs.TypeOf(spec.Type) };
            Complete(input.Dims, null, spec, batched, config.Name);
            config.Input.Add(input);
        }

        foreach (var spec in signature.Outputs.Where(spec => config.Output.All(output => output.Name != spec.Name)))
        {
            var output = new ModelOutput { Name = spec.Name, DataType = ModelConfigs.TypeOf(spec.Type) };
            Complete(output.Dims, null, spec, batched, config.Name);
            config.Output.Add(output);
        }
    }

    private static void CheckFlat(TensorSpec spec, string model)
    {
        if (spec.Shape is not [-1])
        {
            throw new InvalidException($"unable to load model '{model}', configuration expects model provides input with shape [-1] for ragged input '{spec.Name}', model provides {InferenceRequestCheck.Format(spec.Shape)}");
        }
    }

    private static TensorSpec Known(IReadOnlyList<TensorSpec> specs, string name, string what, ModelConfig config) => specs.FirstOrDefault(spec => spec.Name == name)
        ?? throw new InvalidException($"unexpected inference {what} '{name}', allowed {what}s are: {string.Join(", ", specs.Select(spec => spec.Name))} (model '{config.Name}')");

    private static DataType Type(DataType given, TensorSpec spec, string what, ModelConfig config)
    {
        var actual = ModelConfigs.TypeOf(spec.Type);
        return given is DataType.TypeInvalid || given == actual
            ? actual
            : throw new InvalidException($"unable to load model '{config.Name}', unexpected datatype {Name(actual)} for {what} '{spec.Name}', expecting {Name(given)} as the configuration says");
    }

    private static string Name(DataType type) => "TYPE_" + type.ToString()["Type".Length..].ToUpperInvariant();

    /// <param name="dims">As callers see it.</param>
    /// <param name="own">As the model has it; null: the same.</param>
    private static void Complete(RepeatedField<long> dims, RepeatedField<long>? own, TensorSpec spec, bool batched, string model)
    {
        if (dims.Count == 0 && own is null)
        {
            if (batched && spec.Shape is not [-1, ..])
            {
                throw new InvalidException($"model '{model}', tensor '{spec.Name}': for the model to support batching the shape should have at least 1 dimension and the first dimension must be -1; but shape expected by the model is {InferenceRequestCheck.Format(spec.Shape)}");
            }

            foreach (var size in spec.Shape.Skip(batched ? 1 : 0))
            {
                dims.Add(size);
            }

            return;
        }

        long[] whole = batched ? [-1, .. own ?? dims] : [.. own ?? dims];
        var fits = whole.Length == spec.Shape.Count && whole.Zip(spec.Shape).All(pair => pair.First == pair.Second || pair.First == -1 || pair.Second == -1);
        if (!fits)
        {
            throw new InvalidException(
                $"model '{model}', tensor '{spec.Name}': the model expects {spec.Shape.Count} dimensions (shape {InferenceRequestCheck.Format(spec.Shape)}) but the model configuration specifies {whole.Length} dimensions ({(batched ? "an initial batch dimension because max_batch_size > 0 followed by the explicit tensor shape, making complete " : "")}shape {InferenceRequestCheck.Format(whole)})");
        }
    }
}
