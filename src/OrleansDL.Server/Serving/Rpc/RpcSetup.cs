using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansDL.Http;

namespace OrleansDL.Serving.Rpc;

internal static class RpcSetup
{
    public static IServiceCollection AddInferenceRpc(this IServiceCollection services)
    {
        services.AddSingleton<RpcErrors>();
        services.AddSingleton<ServerReports>();
        services.AddSingleton<InferenceService>();
        services.AddSingleton<RestrictedProtocols>();
        services.AddGrpc(options =>
        {
            // Its answer to unknown services would take every POST path of two parts, and with it the 405 of known ones.
            options.IgnoreUnknownServices = true;

            // The protocol's clients send tensors of any size; the default is 4 MB.
            options.MaxSendMessageSize = int.MaxValue;
            options.Interceptors.Add<RpcErrors>();
        });
        services.AddOptions<GrpcServiceOptions>().Configure<IOptions<ServingOptions>>((rpc, serving) =>
        {
            rpc.MaxReceiveMessageSize = serving.Value.MaximumRpcBytes;
            if (serving.Value.GrpcRestrictedProtocols.Count > 0)
            {
                rpc.Interceptors.Add<RestrictedProtocols>();
            }

            if (AnswerDelay.OfEnvironment() is var delay && delay > TimeSpan.Zero)
            {
                rpc.Interceptors.Add<AnswerDelay>(delay);
            }
        });
        services.AddGrpcReflection();
        services.AddGrpcHealthChecks(options => options.Services.Map("", _ => true)).AddCheck<ReadinessHealth>("ready");
        return services;
    }

    /// <summary>The service checks access itself, as its REST twin does: deployments can be public.</summary>
    public static void MapInferenceRpc(this IEndpointRouteBuilder routes)
    {
        // What is wrong in the setting is said at the start.
        _ = routes.ServiceProvider.GetRequiredService<RestrictedProtocols>();

        // How large a message may be is MaximumRpcBytes; the server's limit of bodies is that of REST, and would be told in no words of the protocol.
        routes.MapGrpcService<InferenceService>().OpenToAll().WithMetadata(new DisableRequestSizeLimitAttribute());
        routes.MapGrpcHealthChecksService().OpenToAll();
        routes.MapGrpcReflectionService().OpenToAll();
    }
}
