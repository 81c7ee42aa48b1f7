using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Tests.Serving;

/// <summary>Whatever comes over the wire is answered by an error of the protocol, and nothing is left of it.</summary>
[Collection(nameof(Alone))]
public sealed class MalformedInferenceTests(InferenceRpcTests.Fixture node) : IClassFixture<InferenceRpcTests.Fixture>
{
    private const int Callers = 4;
    private const long LeftOver = 64L << 20;

    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes);
    private static readonly Method<byte[], byte[]> Infer = new(MethodType.Unary, "inference.GRPCInferenceService", "ModelInfer", Bytes, Bytes);

    // What the protocol answers with 500 rather than 400.
    private static readonly string[] Internal = ["Unable to parse 'shape'", "Unable to parse 'data'"];

    [Fact]
    public Task Spoilt_requests_over_REST_are_refused() => HoldsAsync(3_000, RestAsync);

    [Fact]
    public Task Spoilt_calls_over_gRPC_are_refused() => HoldsAsync(2_000, RpcAsync);

    [Fact, Trait("Category", "Slow")]
    public async Task A_hundred_thousand_spoilt_requests_are_refused()
    {
        await HoldsAsync(60_000, RestAsync);
        await HoldsAsync(40_000, RpcAsync);
    }

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    [InlineData('"')]
    [InlineData('1')]
    public async Task Ten_megabytes_of_one_character_are_refused(char character)
    {
        foreach (var text in (string[])[new(character, 10 << 20), "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,4],\"datatype\":\"FP32\",\"data\":" + new string(character, 10 << 20)])
        {
            using var content = new StringContent(text);
            using var answer = await node.Http.PostAsync("/v2/models/open/infer", content);
            Assert.Equal(System.Net.HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.NotNull(Message(await answer.Content.ReadAsByteArrayAsync()));
        }
    }

    [Theory]
    [InlineData("Content-Length: 100\r\n\r\n{\"inputs\":")]
    [InlineData("Content-Length: -1\r\n\r\n{}")]
    [InlineData("Content-Length: 5\r\nContent-Length: 6\r\n\r\n{\"a\":1}")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\n{}")]
    [InlineData("Content-Length: 2\r\nInference-Header-Content-Length: 7\r\n\r\n{}")]
    public async Task Lengths_that_lie_end_their_connection_alone(string rest)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(node.Http.BaseAddress!.Host, node.Http.BaseAddress.Port);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /v2/models/open/infer HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{rest}"));
        socket.Client.Shutdown(SocketShutdown.Send);
        var answer = await ReadAsync(stream);
        Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal), answer);
        await AnswersAsync();
    }

    /// <summary>What comes until the other side ends or resets the connection.</summary>
    private static async Task<string> ReadAsync(NetworkStream stream)
    {
        using var read = new MemoryStream();
        try
        {
            await stream.CopyToAsync(read);
        }
        catch (IOException)
        {
        }

        return Encoding.ASCII.GetString(read.ToArray());
    }

    private async Task HoldsAsync(int count, Func<MalformedInference, Task<string?>> send)
    {
        // The same requests as later, so that pools, caches and compiled code are not taken for a leak.
        await SendAsync(count / 10, send);
        var before = Memory();
        await SendAsync(count, send);
        await AnswersAsync();
        var left = Memory() - before;
        Assert.True(left < LeftOver, $"{count} spoilt requests left {left >> 20} MiB behind.");
    }

    private static async Task SendAsync(int count, Func<MalformedInference, Task<string?>> send)
    {
        var wrong = new ConcurrentQueue<string>();
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = Callers }, async (seed, _) =>
        {
            if (await send(new MalformedInference(seed)) is { } answer)
            {
                wrong.Enqueue($"seed {seed}: {answer}");
            }
        });
        Assert.True(wrong.IsEmpty, $"{wrong.Count} of {count} requests got no answer of the protocol:\n{string.Join('\n', wrong.Take(10))}");
    }

    private async Task<string?> RestAsync(MalformedInference fuzz)
    {
        using var request = fuzz.NextRest();
        using var answer = await node.Http.SendAsync(request);
        var body = await answer.Content.ReadAsByteArrayAsync();
        var (status, message) = ((int)answer.StatusCode, Message(body));
        return answer.IsSuccessStatusCode || (message is not null && (status is < 500 or 501 || Internal.Any(part => message.Contains(part, StringComparison.Ordinal))))
            ? null
            : $"{request.RequestUri} {status}: {Encoding.UTF8.GetString(body)}";
    }

    private async Task<string?> RpcAsync(MalformedInference fuzz)
    {
        var (bytes, isMessage) = fuzz.NextRpc(Good());
        try
        {
            await node.Channel.CreateCallInvoker().AsyncUnaryCall(Infer, null, new CallOptions(node.Token), bytes);
            return null;
        }
        catch (RpcException error)
        {
            // Bytes that are no message of the protocol never reach us: the gRPC library refuses them, as an unknown error.
            return error.StatusCode is StatusCode.InvalidArgument or StatusCode.NotFound or StatusCode.Unimplemented || (!isMessage && error.StatusCode is StatusCode.Unknown) ? null : $"{error.Status}: {Convert.ToHexString(bytes)}";
        }
    }

    private async Task AnswersAsync()
    {
        var answer = await node.Client.ModelInferAsync(ModelInferRequest.Parser.ParseFrom(Good()));
        Assert.Equal([11f, 12, 13, 14], MemoryMarshal.Cast<byte, float>(answer.RawOutputContents[0].Span).ToArray());
    }

    private static byte[] Good() => new ModelInferRequest
    {
        ModelName = "open",
        Id = "mine",
        Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = InferenceRpcTests.Fixture.Input, Datatype = "FP32", Shape = { 1, 4 } } },
        Outputs = { new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "y", Parameters = { ["mine"] = new InferParameter { BoolParam = true } } } },
        Parameters = { ["priority"] = new InferParameter { Int64Param = 1 }, ["mine"] = new InferParameter { StringParam = "a" } },
        RawInputContents = { ByteString.CopyFrom(MemoryMarshal.AsBytes<float>([1, 2, 3, 4])) },
    }.ToByteArray();

    private static string? Message(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.TryGetProperty("error", out var error) ? error.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static long Memory()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
