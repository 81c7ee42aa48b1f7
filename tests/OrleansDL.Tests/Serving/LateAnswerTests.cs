using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using OrleansDL.Serving.Rpc;

namespace OrleansDL.Tests.Serving;

/// <summary>The test hook that holds answers back.</summary>
public sealed class LateAnswerTests
{
    [Theory]
    [InlineData("ServerLive", false)]
    [InlineData("ModelInfer", true)]
    public async Task Every_answer_but_that_of_an_inference_comes_late(string method, bool atOnce)
    {
        var time = new FakeTimeProvider();
        var answer = new AnswerDelay(time, TimeSpan.FromSeconds(2)).UnaryServerHandler<string, string>("question", new Call(method), (question, _) => Task.FromResult(question));
        Assert.Equal(atOnce, answer.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("question", await answer);
    }

    private sealed class Call(string method) : ServerCallContext
    {
        protected override string MethodCore => $"/inference.GRPCInferenceService/{method}";
        protected override string HostCore => "";
        protected override string PeerCore => "";
        protected override DateTime DeadlineCore => DateTime.MaxValue;
        protected override Metadata RequestHeadersCore => [];
        protected override CancellationToken CancellationTokenCore => CancellationToken.None;
        protected override Metadata ResponseTrailersCore => [];
        protected override Status StatusCore { get; set; }
        protected override WriteOptions? WriteOptionsCore { get; set; }
        protected override AuthContext AuthContextCore => new(null, []);
        protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => throw new NotSupportedException();
        protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;
    }
}
