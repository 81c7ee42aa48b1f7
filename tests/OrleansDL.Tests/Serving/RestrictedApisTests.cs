using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OrleansDL.Serving;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Tests.Serving;

/// <summary>What an operator says of headers: which a part of the API asks for, and which go to the model.</summary>
public sealed class RestrictedApisTests
{
    [Fact]
    public async Task A_restricted_part_of_the_API_is_for_those_who_send_its_header()
    {
        await using var node = await ServingNode.StartAsync(new Dictionary<string, string?>
        {
            ["Serving:HttpRestrictedApis:0"] = "model-repository:admin-key=admin-value",
            ["Serving:HttpRestrictedApis:1"] = "inference,metadata:infer-key=infer-value",
            ["Serving:GrpcRestrictedProtocols:0"] = "model-repository,health:admin-key=admin-value",
        });
        using var client = node.Client();
        foreach (var (path, key, status) in ((string, string?, int)[])
        [
            ("/v2/repository/models/x/unload", "infer-key=infer-value", 403), ("/v2/repository/models/x/unload", "admin-key=admin-value", 200),
            ("/v2/models/x/infer", null, 403), ("/v2/models/x/infer", "infer-key=wrong", 403), ("/v2/models/x/infer", "infer-key=infer-value", 400),
            ("/projects/default/v2/models/x/infer", null, 403), ("/v2/logging", null, 200),
        ])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path);
            if (key?.Split('=') is [var header, var value])
            {
                request.Headers.Add(header, value);
            }

            using var response = await client.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(status == (int)response.StatusCode && (status != 403 || text.StartsWith("{\"error\":\"This API is restricted, expecting header", StringComparison.Ordinal)), $"{path} {key}: {response.StatusCode} {text}");
        }

        using var channel = GrpcChannel.ForAddress(node.RpcUrl);
        var rpc = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await rpc.ServerLiveAsync(new ServerLiveRequest()));
        Assert.Equal((StatusCode.Unavailable, "This protocol is restricted, expecting header 'triton-grpc-protocol-admin-key'"), (refused.StatusCode, refused.Status.Detail));
        Assert.True((await rpc.ServerLiveAsync(new ServerLiveRequest(), new Metadata { { "triton-grpc-protocol-admin-key", "admin-value" } })).Live);
    }

    [Theory]
    [InlineData("unknown restricted api 'model-reposit'", "model-reposit,health:k1=v1")]
    [InlineData("api 'health' can not be specified in multiple config groups", "model-repository,health:k1=v1", "metadata,health:k2=v2")]
    [InlineData("restricted api 'health' is not of the form API,API:HEADER=VALUE", "health")]
    public void A_restriction_that_makes_no_sense_is_refused_at_the_start(string message, params string[] groups) =>
        Assert.StartsWith(message, Assert.Throws<OptionsValidationException>(() => new RestrictedApis(groups)).Message, StringComparison.Ordinal);

    [Fact]
    public void Headers_that_match_the_pattern_become_parameters_unless_the_request_names_them()
    {
        var forwarding = new HeaderForwarding(Options.Create(new ServingOptions { HttpHeaderForwardPattern = "^my_header.*" }));
        var call = new InferenceCall();
        call.AddParameter("my_header_2", "1");
        var headers = new HeaderDictionary { ["header_1"] = "a", ["My_Header_1"] = "This is a \"quoted\" string", ["my_header_2"] = "b" };
        forwarding.OfHttp(call, headers);
        Assert.Equal(new Dictionary<string, string> { ["my_header_2"] = "1", ["My_Header_1"] = RequestParameters.Json("This is a \"quoted\" string") }, call.Parameters);

        var untouched = new InferenceCall();
        forwarding.OfRpc(untouched, headers);
        Assert.Null(untouched.Parameters);
        Assert.Throws<OptionsValidationException>(() => new HeaderForwarding(Options.Create(new ServingOptions { GrpcHeaderForwardPattern = "(" })));
    }
}
