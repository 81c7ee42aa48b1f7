using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving.Rpc;

/// <summary>Turns our errors into the gRPC statuses of the protocol, with the messages REST gives.</summary>
internal sealed partial class RpcErrors(ILogger<RpcErrors> logger) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception error) when (error is not RpcException)
        {
            throw ToRpc(error, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requests, IServerStreamWriter<TResponse> responses, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(requests, responses, context);
        }
        catch (IOException error) when (error is not BadHttpRequestException)
        {
            // The client has reset the stream: it went away, or its deadline was over before ours noticed.
            throw Cancelled();
        }
        catch (Exception error) when (error is not RpcException)
        {
            throw ToRpc(error, context);
        }
    }

    public RpcException ToRpc(Exception error, ServerCallContext context)
    {
        if (error is OperationCanceledException)
        {
            return Cancelled();
        }

        if (ProtocolError.Of(error) is { } known)
        {
            return new RpcException(new Status(CodeOf(known.Status), known.Message));
        }

        var trace = context.GetHttpContext().TraceIdentifier;
        LogFailed(context.Method, trace, error);
        return new RpcException(new Status(StatusCode.Internal, ProtocolError.Unknown(trace).Message));
    }

    private static RpcException Cancelled() => new(new Status(StatusCode.Cancelled, "the request was cancelled"));

    private static StatusCode CodeOf(int status) => status switch
    {
        401 => StatusCode.Unauthenticated,
        403 => StatusCode.PermissionDenied,
        404 => StatusCode.NotFound,
        409 => StatusCode.AlreadyExists,
        429 => StatusCode.ResourceExhausted,
        501 => StatusCode.Unimplemented,
        503 => StatusCode.Unavailable,
        >= 500 => StatusCode.Internal,
        _ => StatusCode.InvalidArgument,
    };

    [LoggerMessage(LogLevel.Error, "{Method} failed (trace id {TraceId})")]
    private partial void LogFailed(string method, string traceId, Exception exception);
}
