using Google.Protobuf;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Repository;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.Rpc;

/// <summary>
/// The protocol's configuration of a deployment, read off what is served. A deployment that runs requests together says so, and its batch axis is
/// not among the dims then; any other takes its batch axis as it takes the rest.
/// </summary>
internal static class ModelConfigs
{
    private const string Ensemble = "ensemble";

    /// <summary>What the protocol calls that which answers.</summary>
    public static string PlatformOf(Route route) => route.Ensemble is null ? Backend.Of(route.Backend).ShownPlatform : Ensemble;

    public static ModelConfig Of(RouteEntry entry)
    {
        if (entry.Route.Configuration is { } configuration)
        {
            // Whether the version asked for is there at all is said here as everywhere.
            _ = InferenceModels.SignatureOf(entry);
            var given = JsonParser.Default.Parse<ModelConfig>(configuration.Config);
            var isDecoupled = entry.Signature?.Decoupled is true;
            return isDecoupled == (given.ModelTransactionPolicy?.Decoupled is true) ? given : WithPolicy(given, isDecoupled);
        }

        var (route, signature) = (entry.Route, InferenceModels.SignatureOf(entry));
        var rows = signature.Inputs.Concat(signature.Outputs).All(spec => spec.Shape is [-1, ..]);
        var batching = rows && route.Sequence is null ? route.Batching : null;
        var batchSize = batching?.MaximumBatchSize ?? (rows ? SequenceBatchSize(route.Sequence) : 0);
        var config = new ModelConfig
        {
            Name = route.Name,
            Platform = route.Ensemble is null ? Backend.Of(route.Backend).Platform : Ensemble,
            Backend = route.Ensemble is null ? Backend.Of(route.Backend).Name : "",
            VersionPolicy = new ModelVersionPolicy { Specific = new ModelVersionPolicy.Types.Specific { Versions = { entry.ReadyVersions() } } },
            MaxBatchSize = batchSize,
            DefaultModelFilename = route.Ensemble is null ? Backend.Of(route.Backend).File : "",
        };
        config.Input.AddRange(signature.Inputs.Select(spec => new ModelInput { Name = spec.Name, DataType = TypeOf(spec.Type), Dims = { spec.Shape.Skip(batchSize == 0 ? 0 : 1) } }));
        config.Output.AddRange(signature.Outputs.Select(spec => new ModelOutput { Name = spec.Name, DataType = TypeOf(spec.Type), Dims = { spec.Shape.Skip(batchSize == 0 ? 0 : 1) } }));
        if (route.Cache is not null)
        {
            config.ResponseCache = new ModelResponseCache { Enable = true };
        }

        if (route.Ensemble is not null)
        {
            config.EnsembleScheduling = Of(route.Ensemble);
            foreach (var step in route.Ensemble.Steps.Where(step => step.When is not null))
            {
                config.Parameters[ConfigEnsemble.When + (step.Name ?? step.Deployment)] = new ModelParameter { StringValue = step.When };
            }

            return config;
        }

        if (signature.Decoupled is true)
        {
            WithPolicy(config, isDecoupled: true);
        }

        config.InstanceGroup.Add(new ModelInstanceGroup { Name = $"{route.Name}_0", Kind = ModelInstanceGroup.Types.Kind.Auto, Count = Math.Max(1, route.Workers.Count) });
        if (batching is not null)
        {
            config.DynamicBatching = Of(batching);
        }

        if (route.Sequence is not null)
        {
            config.SequenceBatching = Of(route.Sequence);
        }

        return config;
    }

    /// <summary>Whether a model is decoupled is what it says itself, whatever it was configured as.</summary>
    private static ModelConfig WithPolicy(ModelConfig config, bool isDecoupled)
    {
        config.ModelTransactionPolicy = new ModelTransactionPolicy { Decoupled = isDecoupled };
        return config;
    }

    private static ModelEnsembling Of(EnsembleSpec spec)
    {
        var ensembling = new ModelEnsembling();
        foreach (var step in spec.Steps)
        {
            var wire = new ModelEnsembling.Types.Step { ModelName = step.Deployment, ModelVersion = step.Version ?? -1 };
            wire.InputMap.Add(step.Inputs.ToDictionary());
            wire.OutputMap.Add(step.Outputs.ToDictionary());
            ensembling.Step.Add(wire);
        }

        return ensembling;
    }

    private static int SequenceBatchSize(SequenceSpec? spec) => spec switch
    {
        null => 0,
        { Strategy: SequenceStrategy.Direct } => spec.MaximumSequences,
        _ => spec.MaximumBatchSize,
    };

    private static ModelSequenceBatching Of(SequenceSpec spec)
    {
        var batching = new ModelSequenceBatching { MaxSequenceIdleMicroseconds = (ulong)spec.MaximumIdleMicroseconds };
        if (spec.Strategy is SequenceStrategy.Direct)
        {
            batching.Direct = new ModelSequenceBatching.Types.StrategyDirect();
        }
        else
        {
            batching.Oldest = new ModelSequenceBatching.Types.StrategyOldest { MaxCandidateSequences = spec.MaximumSequences };
        }

        batching.ControlInput.AddRange(spec.Controls.Select(control => new ModelSequenceBatching.Types.ControlInput
        {
            Name = control.Input,
            Control = { new ModelSequenceBatching.Types.Control { Kind = KindOf(control.Kind) } },
        }));
        batching.State.AddRange(spec.States.Select(state => new ModelSequenceBatching.Types.State { InputName = state.Input, OutputName = state.Output, Dims = { state.Shape } }));
        return batching;
    }

    private static ModelSequenceBatching.Types.Control.Types.Kind KindOf(SequenceControlKind kind) => kind switch
    {
        SequenceControlKind.Start => ModelSequenceBatching.Types.Control.Types.Kind.ControlSequenceStart,
        SequenceControlKind.Ready => ModelSequenceBatching.Types.Control.Types.Kind.ControlSequenceReady,
        SequenceControlKind.End => ModelSequenceBatching.Types.Control.Types.Kind.ControlSequenceEnd,
        _ => ModelSequenceBatching.Types.Control.Types.Kind.ControlSequenceCorrid,
    };

    /// <summary>The signature as a configuration shows it: its own dims, behind the batch axis where there is one.</summary>
    /// <param name="configuration">Of the deployment; null: as the model has it.</param>
    /// <param name="signature">The model's own.</param>
    public static ModelSignature SignatureOf(ServedConfiguration? configuration, ModelSignature signature)
    {
        if (configuration is null)
        {
            return signature;
        }

        var config = JsonParser.Default.Parse<ModelConfig>(configuration.Config);
        return signature with
        {
            Inputs = [.. signature.Inputs.Select(spec => config.Input.FirstOrDefault(input => input.Name == spec.Name) is { } input ? spec with { Shape = [.. Batch(config), .. input.Dims], Optional = spec.Optional && input.Optional } : spec)],
            Outputs = [.. signature.Outputs.Select(spec => config.Output.FirstOrDefault(output => output.Name == spec.Name) is { } output ? spec with { Shape = [.. Batch(config), .. output.Dims] } : spec)],
        };
    }

    private static IEnumerable<long> Batch(ModelConfig config) => config.MaxBatchSize > 0 ? [-1] : [];

    private static ModelDynamicBatching Of(BatchingSpec spec)
    {
        var levels = spec.PriorityLevels > 1 ? (ulong)spec.PriorityLevels : 0;
        return new ModelDynamicBatching
        {
            PreferredBatchSize = { spec.PreferredBatchSizes },
            MaxQueueDelayMicroseconds = (ulong)spec.MaximumDelayMicroseconds,
            PreserveOrdering = spec.PreserveOrdering,
            PriorityLevels = levels,
            DefaultPriorityLevel = levels == 0 ? 0 : spec.DefaultPriority == 0 ? levels : (ulong)spec.DefaultPriority,
            DefaultQueuePolicy = new ModelQueuePolicy
            {
                TimeoutAction = spec.TimeoutAction is QueueTimeoutAction.Delay ? ModelQueuePolicy.Types.TimeoutAction.Delay : ModelQueuePolicy.Types.TimeoutAction.Reject,
                DefaultTimeoutMicroseconds = (ulong)spec.TimeoutMicroseconds,
                AllowTimeoutOverride = spec.AllowTimeoutOverride,
                MaxQueueSize = (uint)spec.MaximumQueue,
            },
        };
    }

    public static TensorElementType TypeOf(DataType type) => Enum.GetValues<TensorElementType>().First(known => TypeOf(known) == type);

    public static DataType TypeOf(TensorElementType type) => type switch
    {
        TensorElementType.Bool => DataType.TypeBool,
        TensorElementType.UInt8 => DataType.TypeUint8,
        TensorElementType.UInt16 => DataType.TypeUint16,
        TensorElementType.UInt32 => DataType.TypeUint32,
        TensorElementType.UInt64 => DataType.TypeUint64,
        TensorElementType.Int8 => DataType.TypeInt8,
        TensorElementType.Int16 => DataType.TypeInt16,
        TensorElementType.Int32 => DataType.TypeInt32,
        TensorElementType.Int64 => DataType.TypeInt64,
        TensorElementType.Fp16 => DataType.TypeFp16,
        TensorElementType.Bf16 => DataType.TypeBf16,
        TensorElementType.Fp32 => DataType.TypeFp32,
        TensorElementType.Fp64 => DataType.TypeFp64,
        _ => DataType.TypeString,
    };
}
