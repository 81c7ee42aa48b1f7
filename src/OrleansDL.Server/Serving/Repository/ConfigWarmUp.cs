using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.Repository;

/// <summary>A configuration's <c>model_warmup</c> as requests that a worker runs.</summary>
internal static class ConfigWarmUp
{
    private const int GreatestCount = 1000;
    private const int GreatestRows = 1024;

    /// <summary>The requests; null without <c>model_warmup</c>.</summary>
    /// <exception cref="InvalidException">A number is out of range, or a size is open.</exception>
    public static IReadOnlyList<WarmUp>? Of(ModelConfig config) => config.ModelWarmup.Count == 0 ? null : [.. config.ModelWarmup.Select(warmUp => Of(config, warmUp))];

    private static WarmUp Of(ModelConfig config, ModelWarmup warmUp)
    {
        if (warmUp.Count > GreatestCount || warmUp.BatchSize > GreatestRows)
        {
            throw new InvalidException($"model_warmup '{warmUp.Name}': count is at most {GreatestCount} and batch_size {GreatestRows}.");
        }

        return new WarmUp
        {
            Name = warmUp.Name,
            Rows = config.MaxBatchSize > 0 ? (int)Math.Max(1, warmUp.BatchSize) : 0,
            Count = (int)Math.Max(1, warmUp.Count),
            Inputs = [.. warmUp.Inputs.Select(input => Of(config, warmUp, input.Key, input.Value))],
        };
    }

    private static WarmUpInput Of(ModelConfig config, ModelWarmup warmUp, string name, ModelWarmup.Types.Input input)
    {
        if (input.Dims.Any(size => size < 0))
        {
            throw new InvalidException($"model_warmup '{warmUp.Name}', input '{name}': its dims say a size for every axis.");
        }

        var known = config.Input.FirstOrDefault(known => known.Name == name);
        if (known is not null && input.DataType is not DataType.TypeInvalid && input.DataType != known.DataType)
        {
            throw new InvalidException($"model_warmup '{warmUp.Name}', input '{name}': the model's type is {known.DataType}, not {input.DataType}.");
        }

        return new WarmUpInput
        {
            Input = name,
            Shape = known?.Reshape is null ? [.. input.Dims] : ConfigReshape.Fill(known.Dims, known.Reshape.Shape, input.Dims),
            IsRandom = input.InputDataTypeCase is ModelWarmup.Types.Input.InputDataTypeOneofCase.RandomData && input.RandomData,
            File = input.InputDataFile.Length > 0 ? ConfigFiles.NameOf(ConfigFiles.WarmUps, input.InputDataFile) : null,
        };
    }
}
