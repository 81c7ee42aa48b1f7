using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansDL.Http;
using OrleansDL.Serving.Generation;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.SharedMemory;

namespace OrleansDL.Serving;

/// <summary>The Open Inference Protocol below <c>/v2</c>, and once more below each project. The front checks access itself: deployments can be public.</summary>
internal static class InferenceProtocolEndpoints
{
    public static void MapInferenceProtocol(this IEndpointRouteBuilder routes)
    {
        var front = routes.ServiceProvider.GetRequiredService<InferenceFront>();
        var texts = routes.ServiceProvider.GetRequiredService<GenerateFront>();
        var settings = routes.ServiceProvider.GetRequiredService<SettingsFront>();
        var apis = new RestrictedApis(routes.ServiceProvider.GetRequiredService<IOptions<ServingOptions>>().Value.HttpRestrictedApis);
        var memory = routes.ServiceProvider.GetRequiredService<SharedMemoryFront>();
        foreach (var prefix in (string[])["/v2", "/projects/{project}/v2"])
        {
            var v2 = routes.MapGroup(prefix).WithTags("Inference protocol").ExcludeFromDescription().OpenToAll();
            apis.Guard(v2);
            v2.Answer("GET", "/", front.ServerMetadataAsync);
            v2.Answer("GET", "/health/live", InferenceFront.LiveAsync);
            v2.Answer("GET", "/health/ready", front.ReadyAsync);
            v2.Answer("GET", "/models", front.ModelsAsync);
            v2.Answer("GET", "/models/stats", front.StatisticsAsync);
            v2.Answer("POST", "/repository/index", front.IndexAsync);
            v2.Answer("POST", "/repository/models/{model}/load", front.LoadAsync);
            v2.Answer("POST", "/repository/models/{model}/unload", front.UnloadAsync);
            v2.Answer("POST", "/repository/{repository}/index", InferenceFront.NoRepositoryNameAsync);
            v2.Answer("POST", "/repository/{repository}/models/{model}/load", InferenceFront.NoRepositoryNameAsync);
            v2.Answer("POST", "/repository/{repository}/models/{model}/unload", InferenceFront.NoRepositoryNameAsync);
            v2.Tell("/logging", settings.LogAsync);
            v2.Tell("/trace/setting", settings.TraceAsync);
            v2.Tell("/models/{model}/trace/setting", settings.TraceAsync);
            foreach (var region in (string[])["", "/region/{region}"])
            {
                v2.Answer("GET", $"/systemsharedmemory{region}/status", memory.StatusAsync);
                v2.Answer("POST", $"/systemsharedmemory{region}/unregister", memory.UnregisterAsync);
                v2.Answer("GET", $"/cudasharedmemory{region}/status", memory.CudaStatusAsync);
                v2.Answer("POST", $"/cudasharedmemory{region}/unregister", memory.CudaUnregisterAsync);
            }

            v2.Answer("POST", "/systemsharedmemory/region/{region}/register", memory.RegisterAsync);
            v2.Answer("POST", "/cudasharedmemory/region/{region}/register", memory.CudaRegisterAsync);

            foreach (var model in (string[])["/models/{model}", "/models/{model}/versions/{version}"])
            {
                v2.Answer("GET", model, front.ModelMetadataAsync);
                v2.Answer("GET", model + "/ready", front.ModelReadyAsync);
                v2.Answer("GET", model + "/config", front.ModelConfigAsync);
                v2.Answer("GET", model + "/stats", front.StatisticsAsync);
                v2.Answer("POST", model + "/infer", front.InferAsync);
                v2.Answer("POST", model + "/generate", texts.GenerateAsync);
                v2.Answer("POST", model + "/generate_stream", texts.StreamAsync);
            }

            v2.Map("/{**path}", InferenceFront.NotFoundAsync).WithOrder(2);
        }
    }

    /// <summary>Settings are told to GET and changed by POST.</summary>
    private static void Tell(this RouteGroupBuilder group, string pattern, RequestDelegate handler)
    {
        group.MapMethods(pattern, ["POST"], handler);
        group.Answer("GET", pattern, handler);
    }

    private static void Answer(this RouteGroupBuilder group, string method, string pattern, RequestDelegate handler)
    {
        group.MapMethods(pattern, [method], handler);
        group.Map(pattern, InferenceFront.MethodNotAllowedAsync).WithOrder(1);
    }
}
