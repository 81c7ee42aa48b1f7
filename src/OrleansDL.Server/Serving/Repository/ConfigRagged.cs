using Google.Protobuf.Collections;
using OrleansDL.Serving.Rpc;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.Repository;

/// <summary>A configuration's <c>allow_ragged_batch</c>, <c>batch_input</c> and <c>batch_output</c>.</summary>
internal static class ConfigRagged
{
    /// <summary>How requests of different shapes run together; null where those of one shape do.</summary>
    /// <param name="config">Completed: its inputs have their types.</param>
    /// <exception cref="InvalidException">It asks for what cannot be.</exception>
    public static RaggedSpec? Of(ModelConfig config)
    {
        var ragged = config.Input.Where(input => input.AllowRaggedBatch).ToList();
        if (ragged.Count == 0 || config.MaxBatchSize == 0)
        {
            return config.BatchInput.Count + config.BatchOutput.Count == 0 ? null
                : throw new InvalidException($"model '{config.Name}': batch_input and batch_output are of inputs with allow_ragged_batch, and of a model with max_batch_size from 1 on.");
        }

        ConfigRules.Refuse(config.SequenceBatching is not null, "allow_ragged_batch and sequence_batching together");
        return new RaggedSpec
        {
            Inputs = [.. ragged.Select(input => new TensorSpec { Name = input.Name, Type = ModelConfigs.TypeOf(input.DataType), Shape = [-1, .. input.Dims] })],
            BatchInputs = [.. config.BatchInput.Select(batch => Of(config, batch))],
            Outputs = [.. config.BatchOutput.SelectMany(batch => batch.TargetName.Select(target => new ScatteredOutput { Output = target, Source = Source(config, "batch_output", batch.SourceInput) }))],
        };
    }

    /// <summary>Whether an input is made by the server, so that callers do not see it.</summary>
    public static bool Hides(ModelConfig config, string tensor) => config.BatchInput.Any(batch => batch.TargetName.Contains(tensor));

    /// <summary>Whether the model has an input or output as one axis of elements, whatever its dims.</summary>
    public static bool IsFlat(ModelConfig config, string tensor) => config.MaxBatchSize > 0
        && (config.Input.Any(input => input.Name == tensor && input.AllowRaggedBatch) || config.BatchOutput.Any(batch => batch.TargetName.Contains(tensor)));

    private static BatchInputSpec Of(ModelConfig config, BatchInput batch) => batch is { TargetName.Count: > 0, DataType: DataType.TypeFp32 or DataType.TypeInt32 } && Enum.IsDefined((BatchInputKind)batch.Kind)
        ? new BatchInputSpec { Kind = (BatchInputKind)batch.Kind, Targets = [.. batch.TargetName], Type = ModelConfigs.TypeOf(batch.DataType), Source = Source(config, "batch_input", batch.SourceInput) }
        : throw new InvalidException($"model '{config.Name}': a batch_input needs a target_name, a known kind, and data_type TYPE_FP32 or TYPE_INT32.");

    private static string Source(ModelConfig config, string what, RepeatedField<string> sources) => sources.Count == 1
        ? sources[0]
        : throw new InvalidException($"model '{config.Name}': {what} has {sources.Count} source inputs, and takes one.");
}
