using System.Globalization;
using Google.Protobuf;
using OrleansDL.Serving.Generation;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.Rpc;

/// <summary>The answers of a decoupled model as messages of a stream.</summary>
internal static class DecoupledMessages
{
    public static ModelStreamInferResponse Of(ModelInferRequest request, DecoupledRun run, InferAnswer? answer)
    {
        var response = new ModelInferResponse
        {
            ModelName = run.Route.Name,
            ModelVersion = (run.Route.Number ?? run.Route.ModelVersion).ToString(CultureInfo.InvariantCulture),
            Id = request.Id,
            Parameters = { [RpcTexts.Final] = new InferParameter { BoolParam = answer is null }, [RpcTexts.InferenceId] = new InferParameter { StringParam = run.Id.ToString() } },
        };
        foreach (var output in answer?.Outputs ?? [])
        {
            response.Outputs.Add(new ModelInferResponse.Types.InferOutputTensor { Name = output.Name, Datatype = Datatypes.NameOf(output.Type), Shape = { output.Shape } });
            response.RawOutputContents.Add(UnsafeByteOperations.UnsafeWrap(output.Data));
        }

        return new ModelStreamInferResponse { InferResponse = response };
    }
}
