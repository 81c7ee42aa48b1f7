using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Rpc.Wire;
using OrleansDL.Serving.SharedMemory;
using static OrleansDL.Tests.Serving.OnnxBytes;
using InputTensor = OrleansDL.Serving.Rpc.Wire.ModelInferRequest.Types.InferInputTensor;
using OutputTensor = OrleansDL.Serving.Rpc.Wire.ModelInferRequest.Types.InferRequestedOutputTensor;

namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>Tensors in system shared memory, over REST and gRPC.</summary>
[Collection(ProtocolCollection.Name)]
public sealed class SharedMemoryTests(ProtocolNode node) : IAsyncLifetime, IDisposable
{
    private const int OfText = 8;
    private readonly ClientMemory _memory = new(128);

    public Task InitializeAsync() => Task.CompletedTask;

    public void Dispose() => _memory.Dispose();

    public async Task DisposeAsync() =>
        (await node.Http.PostAsync("/v2/systemsharedmemory/unregister", null)).EnsureSuccessStatusCode();

    [Fact]
    public async Task Inputs_are_read_from_shared_memory_and_outputs_written_there_over_both_protocols()
    {
        (await node.LoadAsync("shared-sum", Model(
            Node("Add", "y", "a", "b"), Text(2, "sum"), End(11, "a", OfFloat, "N", 4), End(11, "b", OfFloat, "N", 4), End(12, "y", OfFloat, "N", 4)))).EnsureSuccessStatusCode();
        _memory.Write(16, 1f, 2, 3, 4);
        Assert.Equal((200, ""), await RegisterAsync("whole", $$"""{"key":"{{_memory.Key}}","byte_size":128}"""));
        Assert.Equal((200, ""), await RegisterAsync("answers", $$"""{"key":"{{_memory.Key}}","offset":64,"byte_size":64}"""));

        var (status, body) = await InferAsync("shared-sum", $$"""
            {"inputs":[{"name":"a","shape":[1,4],"datatype":"FP32","parameters":{{Part("whole", 16, 16)}}},{"name":"b","shape":[1,4],"datatype":"FP32","data":[10,10,10,10]}],
             "outputs":[{"name":"y","parameters":{{Part("answers", 16, 32)}}}]}
            """);
        Assert.Equal((200, """{"model_name":"shared-sum","model_version":"1","outputs":[{"name":"y","datatype":"FP32","shape":[1,4]}]}"""), (status, body));
        Assert.Equal([11f, 12, 13, 14], _memory.Read<float>(64 + 32, 4));

        var request = new ModelInferRequest
        {
            ModelName = "shared-sum",
            Inputs = { new InputTensor { Name = "b", Datatype = "FP32", Shape = { 1, 4 } }, new InputTensor { Name = "a", Datatype = "FP32", Shape = { 1, 4 } } },
            Outputs = { new OutputTensor { Name = "y" } },
            RawInputContents = { ByteString.CopyFrom(MemoryMarshal.AsBytes<float>([20, 20, 20, 20])) },
        };
        Put(request.Inputs[1].Parameters, "whole", 16, 16);
        Put(request.Outputs[0].Parameters, "answers", 16, 0);
        var answer = await node.Rpc.ModelInferAsync(request);
        Assert.Equal(ByteString.Empty, answer.RawOutputContents.Single());
        Assert.Equal([21f, 22, 23, 24], _memory.Read<float>(64, 4));

        using var stream = node.Rpc.ModelStreamInfer();
        await stream.RequestStream.WriteAsync(request);
        await stream.RequestStream.CompleteAsync();
        Assert.True(await stream.ResponseStream.MoveNext());
        Assert.Equal(("", 0), (stream.ResponseStream.Current.ErrorMessage, stream.ResponseStream.Current.InferResponse.RawOutputContents.Single().Length));
    }

    [Fact]
    public async Task Texts_go_through_shared_memory_with_their_lengths()
    {
        (await node.LoadAsync("shared-echo", Model(Node("Identity", "y", "x"), Text(2, "echo"), End(11, "x", OfText, "N"), End(12, "y", OfText, "N")))).EnsureSuccessStatusCode();
        byte[] texts = [3, 0, 0, 0, .. Encoding.UTF8.GetBytes("one"), 0, 0, 0, 0];
        _memory.Write<byte>(0, texts);
        await RegisterAsync("texts", $$"""{"key":"{{_memory.Key}}","byte_size":128}""");
        var (status, body) = await InferAsync("shared-echo", $$"""
            {"inputs":[{"name":"x","shape":[2],"datatype":"BYTES","parameters":{{Part("texts", texts.Length, 0)}}}],"outputs":[{"name":"y","parameters":{{Part("texts", 64, 64)}}}]}
            """);
        Assert.True(status == 200, body);
        Assert.Equal(texts, _memory.Read<byte>(64, texts.Length));
        (status, body) = await InferAsync("shared-echo", $$"""{"inputs":[{"name":"x","shape":[2],"datatype":"BYTES","parameters":{{Part("texts", texts.Length - 4, 0)}}}]}""");
        Assert.Equal(400, status);
        Assert.Contains("expected 2 string elements for inference input 'x' for model 'shared-echo', got 1", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_region_is_known_until_it_is_unregistered()
    {
        Assert.Contains("\"system_shared_memory\",\"binary_tensor_data\"", await node.Http.GetStringAsync("/v2"), StringComparison.Ordinal);
        Assert.Equal("[]", await node.Http.GetStringAsync("/v2/systemsharedmemory/status"));
        await node.Rpc.SystemSharedMemoryRegisterAsync(new SystemSharedMemoryRegisterRequest { Name = "b", Key = _memory.Key, Offset = 8, ByteSize = 16 });
        await node.Rpc.SystemSharedMemoryRegisterAsync(new SystemSharedMemoryRegisterRequest { Name = "a b", Key = _memory.Key[1..], ByteSize = 128 });
        Assert.Equal($$"""[{"name":"a b","key":"{{_memory.Key[1..]}}","offset":0,"byte_size":128},{"name":"b","key":"{{_memory.Key}}","offset":8,"byte_size":16}]""", await node.Http.GetStringAsync("/v2/systemsharedmemory/status"));
        Assert.Equal($$"""[{"name":"b","key":"{{_memory.Key}}","offset":8,"byte_size":16}]""", await node.Http.GetStringAsync("/v2/systemsharedmemory/region/b/status"));
        var taken = await Assert.ThrowsAsync<RpcException>(async () => await node.Rpc.SystemSharedMemoryRegisterAsync(new SystemSharedMemoryRegisterRequest { Name = "b", Key = _memory.Key, ByteSize = 1 }));
        Assert.Equal((StatusCode.AlreadyExists, "shared memory region 'b' already in manager"), (taken.StatusCode, taken.Status.Detail));

        await node.Http.PostAsync("/v2/systemsharedmemory/region/a%20b/unregister", null);
        var known = await node.Rpc.SystemSharedMemoryStatusAsync(new SystemSharedMemoryStatusRequest());
        Assert.Equal(["b"], known.Regions.Keys);
        await node.Rpc.SystemSharedMemoryUnregisterAsync(new SystemSharedMemoryUnregisterRequest { Name = "never there" });
        await node.Rpc.SystemSharedMemoryUnregisterAsync(new SystemSharedMemoryUnregisterRequest());
        var missing = await Assert.ThrowsAsync<RpcException>(async () => await node.Rpc.SystemSharedMemoryStatusAsync(new SystemSharedMemoryStatusRequest { Name = "b" }));
        Assert.Equal((StatusCode.NotFound, "Unable to find system shared memory region: 'b'"), (missing.StatusCode, missing.Status.Detail));
    }

    [Theory]
    [InlineData("""{"key":"KEY","byte_size":129}""", 400, "failed to register shared memory region 'r': invalid args")]
    [InlineData("""{"key":"KEY","offset":1,"byte_size":128}""", 400, "failed to register shared memory region 'r': invalid args")]
    [InlineData("""{"key":"KEY","offset":18446744073709551615,"byte_size":2}""", 400, "failed to register shared memory region 'r': invalid args")]
    [InlineData("""{"key":"KEY","byte_size":0}""", 400, "failed to register shared memory region 'r': invalid args")]
    [InlineData("""{"key":"KEY","byte_size":-1}""", 400, "Unable to parse 'byte_size'")]
    [InlineData("""{"key":"KEY"}""", 400, "Shared memory register request has no 'byte_size' field")]
    [InlineData("""{"byte_size":1}""", 400, "Shared memory register request has no 'key' field")]
    [InlineData("""{"key":"\ud800","byte_size":1}""", 400, "failed to parse the request JSON buffer")]
    [InlineData("""{"key":"/odl-not-there","byte_size":1}""", 500, "Unable to open shared memory region: '/odl-not-there'")]
    [InlineData("""{"key":"../../etc/passwd","byte_size":1}""", 400, "its key must be one name")]
    [InlineData("""{"key":"//etc","byte_size":1}""", 400, "its key must be one name")]
    [InlineData("""{"key":"/..","byte_size":1}""", 400, "its key must be one name")]
    [InlineData("""{"key":"/a\u0000b","byte_size":1}""", 400, "its key must be one name")]
    [InlineData("""{"key":"/","byte_size":1}""", 400, "its key must be one name")]
    [InlineData("""{"key":"triton_python_backend_shm_region_1","byte_size":1}""", 400, "cannot register shared memory region 'r' with key 'triton_python_backend_shm_region_1' as the key contains the reserved prefix 'triton_python_backend_shm_region_'")]
    [InlineData("""{"key":"/odl-models-1-2-3","byte_size":1}""", 400, "the key contains the reserved prefix 'odl-models-'")]
    public async Task Memory_that_is_not_a_clients_is_not_registered(string body, int status, string message)
    {
        var (got, answer) = await RegisterAsync("r", body.Replace("KEY", _memory.Key, StringComparison.Ordinal));
        Assert.Equal(status, got);
        Assert.Contains(message, answer, StringComparison.Ordinal);
        Assert.Equal("[]", await node.Http.GetStringAsync("/v2/systemsharedmemory/status"));
    }

    [Fact]
    public async Task Links_and_folders_are_no_shared_memory()
    {
        var link = $"/dev/shm/odl-test-{Guid.NewGuid():n}";
        File.CreateSymbolicLink(link, "/etc/hostname");
        try
        {
            var (status, body) = await RegisterAsync("link", $$"""{"key":"{{Path.GetFileName(link)}}","byte_size":1}""");
            Assert.True(status == 500 && body.Contains("Unable to open shared memory region", StringComparison.Ordinal), body);
            File.Delete(link);
            Directory.CreateDirectory(link);
            (status, body) = await RegisterAsync("folder", $$"""{"key":"{{Path.GetFileName(link)}}","byte_size":1}""");
            Assert.True(status == 500 && body.Contains("Unable to open shared memory region", StringComparison.Ordinal), body);
        }
        finally
        {
            if (Directory.Exists(link))
            {
                Directory.Delete(link);
            }
            else
            {
                File.Delete(link);
            }
        }
    }

    [Theory]
    [InlineData("""{"shared_memory_region":"r","shared_memory_byte_size":16,"shared_memory_offset":18446744073709551584}""", "{}", 400, "Invalid offset for shared memory region: 'r'")]
    [InlineData("""{"shared_memory_region":"r","shared_memory_byte_size":16,"shared_memory_offset":128}""", "{}", 400, "Invalid offset for shared memory region: 'r'")]
    [InlineData("""{"shared_memory_region":"r","shared_memory_byte_size":16,"shared_memory_offset":113}""", "{}", 400, "Invalid offset + byte size for shared memory region: 'r'")]
    [InlineData("""{"shared_memory_region":"r","shared_memory_byte_size":18446744073709551584,"shared_memory_offset":32}""", "{}", 400, "Integer overflow detected: byte_size (18446744073709551584) + offset (32) exceeds maximum value (18446744073709551615) for region 'r'")]
    [InlineData("""{"shared_memory_region":"r","shared_memory_byte_size":128}""", "{}", 400, "input byte size mismatch for input 'x' for model 'shared-offset'. Expected 16, got 128")]
    [InlineData("""{"shared_memory_region":"other","shared_memory_byte_size":16}""", "{}", 404, "Unable to find shared memory region: 'other'")]
    [InlineData("""{"shared_memory_region":"r"}""", "{}", 400, "'shared_memory_byte_size' must be specified along with 'shared_memory_region' parameter for tensor 'x'")]
    [InlineData("""{"shared_memory_region":1,"shared_memory_byte_size":16}""", "{}", 400, "Unable to parse 'shared_memory_region'")]
    [InlineData("""{"shared_memory_region":"r","shared_memory_byte_size":16}""", """{"shared_memory_offset":1}""", 400, "'shared_memory_offset' can not be specified without 'shared_memory_region' parameter for tensor 'y'")]
    [InlineData("""{"shared_memory_region":"r","shared_memory_byte_size":16}""", """{"shared_memory_region":"r","shared_memory_byte_size":16,"shared_memory_offset":128}""", 400, "Invalid offset for shared memory region: 'r'")]
    [InlineData("""{"shared_memory_region":"r","shared_memory_byte_size":16}""", """{"shared_memory_region":"r","shared_memory_byte_size":15}""", 500, "shared memory size specified with the request for output 'y' (15 bytes) should be at least 16 bytes to hold the results")]
    [InlineData("""{"shared_memory_region":"r","shared_memory_byte_size":16}""", """{"shared_memory_region":"r","shared_memory_byte_size":16,"classification":1}""", 400, "Output can't set both 'shared_memory_region' and 'classification'")]
    public async Task A_tensor_that_does_not_lie_in_its_region_is_refused(string input, string output, int status, string message)
    {
        (await node.LoadAsync("shared-offset", OffsetModel.Write(1))).EnsureSuccessStatusCode();
        await RegisterAsync("r", $$"""{"key":"{{_memory.Key}}","byte_size":128}""");
        var (got, body) = await InferAsync("shared-offset", $$"""{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","parameters":{{input}}}],"outputs":[{"name":"y","parameters":{{output}}}]}""");
        Assert.Equal(status, got);
        Assert.Contains(message, body, StringComparison.Ordinal);

        // A request that was refused holds nothing.
        await node.Http.PostAsync("/v2/systemsharedmemory/unregister", null);
        Assert.Equal("[]", await node.Http.GetStringAsync("/v2/systemsharedmemory/status"));
    }

    [Fact]
    public async Task Memory_that_its_client_shortens_ends_a_request_and_not_the_server()
    {
        (await node.LoadAsync("shared-short", OffsetModel.Write(1))).EnsureSuccessStatusCode();
        await RegisterAsync("short", $$"""{"key":"{{_memory.Key}}","byte_size":128}""");
        _memory.Resize(24);
        foreach (var (input, output) in ((int, int)[])[(16, 0), (0, 16), (64, 64)])
        {
            var (status, body) = await InferAsync("shared-short", $$"""
                {"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","parameters":{{Part("short", 16, input)}}}],"outputs":[{"name":"y","parameters":{{Part("short", 16, output)}}}]}
                """);
            Assert.Equal(400, status);
            Assert.Contains($"Invalid shared memory region: 'short' has 128 bytes from 0 on, but its file '{_memory.Key}' is shorter now", body, StringComparison.Ordinal);
        }

        Assert.Equal(24, new FileInfo("/dev/shm" + _memory.Key).Length);
        var (whole, _) = await InferAsync("shared-short", $$"""{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","parameters":{{Part("short", 16, 8)}}}],"outputs":[{"name":"y","parameters":{{Part("short", 16, 8)}}}]}""");
        Assert.Equal(200, whole);
    }

    [Fact]
    public async Task Projects_do_not_see_each_others_regions()
    {
        using var admin = node.Node.Client();
        await RegisterAsync("mine", $$"""{"key":"{{_memory.Key}}","byte_size":128}""");
        using var body = new StringContent($$"""{"key":"{{_memory.Key}}","byte_size":64}""");
        (await admin.PostAsync("/projects/elsewhere/v2/systemsharedmemory/region/mine/register", body)).EnsureSuccessStatusCode();
        Assert.Contains("\"byte_size\":64", await admin.GetStringAsync("/projects/elsewhere/v2/systemsharedmemory/status"), StringComparison.Ordinal);
        (await admin.PostAsync("/projects/elsewhere/v2/systemsharedmemory/unregister", null)).EnsureSuccessStatusCode();
        Assert.Contains("\"byte_size\":128", await node.Http.GetStringAsync("/v2/systemsharedmemory/status"), StringComparison.Ordinal);

        using var refused = await node.Http.GetAsync("/projects/elsewhere/v2/systemsharedmemory/status");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task Who_comes_through_the_network_has_no_memory_here()
    {
        using var proxied = new HttpRequestMessage(HttpMethod.Get, "/v2/systemsharedmemory/status") { Headers = { { "X-Forwarded-For", "192.0.2.1" } } };
        using var response = await node.Http.SendAsync(proxied);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);

        var context = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse("192.0.2.1") } };
        var error = await Assert.ThrowsAsync<InferenceProtocolException>(() => node.Node.Services.GetRequiredService<SharedMemoryDoor>().StatusAsync(context, null));
        Assert.Equal(403, error.Status);
    }

    [Fact]
    public async Task Memory_of_graphics_cards_is_not_registered_and_there_is_none_to_let_go()
    {
        Assert.Equal("[]", await node.Http.GetStringAsync("/v2/cudasharedmemory/status"));
        (await node.Http.PostAsync("/v2/cudasharedmemory/unregister", null)).EnsureSuccessStatusCode();
        using var refused = await node.Http.PostAsync("/v2/cudasharedmemory/region/r/register", new StringContent("{}"));
        Assert.Equal(HttpStatusCode.NotImplemented, refused.StatusCode);
        using var spoilt = await node.Http.PostAsync("/v2/cudasharedmemory/region/r/register", new StringContent("A"));
        Assert.Contains("failed to parse the request JSON buffer: Invalid value. at 0", await spoilt.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var error = await Assert.ThrowsAsync<RpcException>(async () => await node.Rpc.CudaSharedMemoryRegisterAsync(new CudaSharedMemoryRegisterRequest { Name = "r" }));
        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
        Assert.Contains("failed to register CUDA shared memory region: 'r', GPUs not supported", error.Status.Detail, StringComparison.Ordinal);
        error = await Assert.ThrowsAsync<RpcException>(async () => await node.Rpc.SystemSharedMemoryRegisterAsync(new SystemSharedMemoryRegisterRequest()));
        Assert.Equal((StatusCode.Internal, "Unable to open shared memory region: ''"), (error.StatusCode, error.Status.Detail));
    }

    [Fact]
    public void A_region_in_use_goes_with_its_last_request_and_there_are_only_so_many()
    {
        using var table = new RegionTable(Options.Create(new SharedMemoryOptions { MaximumRegions = 1, KeyPrefix = "odl-test-" }));
        table.Register("p", "r", _memory.Key, 0, 128);
        Assert.Contains("project 'p' has 1 already", Assert.Throws<InferenceProtocolException>(() => table.Register("p", "s", _memory.Key, 0, 1)).Message, StringComparison.Ordinal);
        Assert.Contains("must begin with '/odl-test-'", Assert.Throws<InferenceProtocolException>(() => table.Register("q", "s", "/elsewhere", 0, 1)).Message, StringComparison.Ordinal);
        var first = table.Use("p", "r");
        table.Unregister("p", null);
        var second = table.Use("p", "r");
        table.GiveBack("p", first);
        Assert.Equal(["r"], table.List("p").Select(region => region.Name));
        second.Write(0, [1]);
        table.GiveBack("p", second);
        Assert.Empty(table.List("p"));
        Assert.Equal(404, Assert.Throws<InferenceProtocolException>(() => table.Use("p", "r")).Status);
    }

    private static string Part(string region, int bytes, int offset) =>
        $$"""{"shared_memory_region":"{{region}}","shared_memory_byte_size":{{bytes}},"shared_memory_offset":{{offset}}}""";

    private static void Put(MapField<string, InferParameter> parameters, string region, long bytes, long offset)
    {
        parameters["shared_memory_region"] = new InferParameter { StringParam = region };
        parameters["shared_memory_byte_size"] = new InferParameter { Int64Param = bytes };
        parameters["shared_memory_offset"] = new InferParameter { Int64Param = offset };
    }

    private async Task<(int Status, string Body)> RegisterAsync(string region, string body)
    {
        using var response = await node.Http.PostAsync($"/v2/systemsharedmemory/region/{region}/register", new StringContent(body));
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task<(int Status, string Body)> InferAsync(string model, string body)
    {
        using var response = await node.Http.PostAsync($"/v2/models/{model}/infer", new StringContent(body));
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
