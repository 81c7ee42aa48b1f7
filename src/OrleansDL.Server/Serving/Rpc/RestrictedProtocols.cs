using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Options;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving.Rpc;

/// <summary>Refuses calls of gRPC that an operator has restricted, unless they bring the metadata entry for it. Not in the way where nothing is.</summary>
internal sealed class RestrictedProtocols(IOptions<ServingOptions> options) : Interceptor
{
    private const string Prefix = "triton-grpc-protocol-";
    private readonly RestrictedApis _apis = new(options.Value.GrpcRestrictedProtocols);

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(request, context);
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(requestStream, responseStream, context);
    }

    private void Check(ServerCallContext context)
    {
        if (ApiOf(context.Method) is { } api && _apis.Missing(api, context.GetHttpContext().Request.Headers, Prefix) is { } header)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, $"This protocol is restricted, expecting header '{header}'"));
        }
    }

    private static string? ApiOf(string method) => method[(method.LastIndexOf('/') + 1)..] switch
    {
        "ServerLive" or "ServerReady" or "ModelReady" or "Check" => RestrictedApis.Health,
        "ServerMetadata" or "ModelMetadata" => RestrictedApis.Metadata,
        "ModelInfer" or "ModelStreamInfer" => RestrictedApis.Inference,
        "ModelConfig" => RestrictedApis.ModelConfig,
        "ModelStatistics" => RestrictedApis.Statistics,
        "RepositoryIndex" or "RepositoryModelLoad" or "RepositoryModelUnload" => RestrictedApis.ModelRepository,
        "TraceSetting" => RestrictedApis.Trace,
        "LogSettings" => RestrictedApis.Logging,
        var name when name.Contains("SharedMemory", StringComparison.Ordinal) => RestrictedApis.SharedMemory,
        _ => null,
    };
}
