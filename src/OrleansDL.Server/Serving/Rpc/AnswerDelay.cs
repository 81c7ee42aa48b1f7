using System.Globalization;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace OrleansDL.Serving.Rpc;

/// <summary>A test hook of Triton's: answers to every call of gRPC but inference come late, so that its suites see deadlines pass. Not in the way unless the variable is set.</summary>
internal sealed class AnswerDelay(TimeProvider time, TimeSpan delay) : Interceptor
{
    private const string Variable = "TRITONSERVER_SERVER_DELAY_GRPC_RESPONSE_SEC";

    /// <summary>As the environment says; zero: not at all.</summary>
    public static TimeSpan OfEnvironment() =>
        TimeSpan.FromSeconds(int.TryParse(Environment.GetEnvironmentVariable(Variable), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : 0);

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        var answer = await continuation(request, context);
        if (!context.Method.EndsWith("/ModelInfer", StringComparison.Ordinal))
        {
            await Task.Delay(delay, time, context.CancellationToken);
        }

        return answer;
    }
}
