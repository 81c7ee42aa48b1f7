using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.Rpc;

/// <summary>The protocol's configuration of a deployment, read off what is served: the model takes its batch dimension as any other, so the protocol's own batching is off.</summary>
internal static class ModelConfigs
{
    public static ModelConfig Of(Route route)
    {
        var signature = InferenceModels.SignatureOf(route);
        var config = new ModelConfig
        {
            Name = route.Name,
            Platform = "onnxruntime_onnx",
            Backend = "onnxruntime",
            VersionPolicy = new ModelVersionPolicy { Specific = new ModelVersionPolicy.Types.Specific { Versions = { route.ModelVersion } } },
            MaxBatchSize = 0,
            DefaultModelFilename = "model.onnx",
        };
        config.Input.AddRange(signature.Inputs.Select(spec => new ModelInput { Name = spec.Name, DataType = TypeOf(spec.Type), Dims = { spec.Shape } }));
        config.Output.AddRange(signature.Outputs.Select(spec => new ModelOutput { Name = spec.Name, DataType = TypeOf(spec.Type), Dims = { spec.Shape } }));
        config.InstanceGroup.Add(new ModelInstanceGroup { Name = $"{route.Name}_0", Kind = ModelInstanceGroup.Types.Kind.Auto, Count = Math.Max(1, route.Workers.Count) });
        return config;
    }

    private static DataType TypeOf(TensorElementType type) => type switch
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
