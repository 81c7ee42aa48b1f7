using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Net.Client;
using OrleansDL.Models;
using OrleansDL.Serving;
using OrleansDL.Serving.Rpc.Wire;
using OrleansDL.Tests.Datasets;
using OrleansDL.Tests.Serving.Ensembles;
using OrleansDL.Tests.Serving.Generation;
using static OrleansDL.Tests.Serving.OnnxBytes;

namespace OrleansDL.Tests.Serving.Rows;

/// <summary>Image files, texts and rows in, labels out: the artifact's own pipeline behind <c>/v1</c> and behind the inference protocol.</summary>
public sealed class RawRowsTests : IAsyncLifetime
{
    private ServingNode _node = null!;
    private HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        _node = await ServingNode.StartAsync();
        _client = _node.Client();
        await DeployAsync("shades", """{"kind":"image","height":1,"width":2,"channels":1,"scale":255,"version":1,"labelColumn":"shade","labels":["dark","light"]}""", 1, 1, 2);
        await DeployAsync("rows", """{"kind":"table","columns":[{"name":"no","type":"numeric","mean":0,"deviation":1},{"name":"yes","type":"numeric","mean":0,"deviation":1}],"version":1,"labelColumn":"answer","labels":["no","yes"]}""", 2);

        // Not of our own trainer: it runs in a process of its own.
        await _node.RegisterFolderAsync("moods", GoldenModels.Embedding, ModelOrigin.Imported);
        await DeployAsync("moods", raw: true);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task Files_texts_and_rows_go_in_over_v1_and_answers_come_out()
    {
        var (dark, light) = (Pictures.Png(0), Pictures.Png(255));
        Assert.Equal("dark", await LabelAsync("shades", Json($$"""{"rows":[{"image":"{{Convert.ToBase64String(dark)}}"}]}""")));
        Assert.Equal("light", await LabelAsync("shades", new ByteArrayContent(light) { Headers = { ContentType = new MediaTypeHeaderValue("image/png") } }, "?top=2"));
        Assert.Equal("yes", await LabelAsync("rows", Json("""{"rows":[{"no":1,"yes":2}]}""")));
        Assert.Equal("no", await LabelAsync("rows", Json("""{"rows":[[2,1]]}""")));

        using var text = new StringContent("warm sunny", Encoding.UTF8, "text/plain");
        using var answer = await _client.PostAsync("/v1/projects/default/deployments/moods/predict", text);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal(4, json.RootElement.GetProperty("vectors")[0].GetArrayLength());
    }

    [Fact]
    public async Task The_protocol_takes_the_same_rows_as_elements_and_says_so()
    {
        Assert.Contains("""
            "inputs":[{"name":"image","datatype":"BYTES","shape":[-1]}],"outputs":[{"name":"label","datatype":"BYTES","shape":[-1]},{"name":"score","datatype":"FP32","shape":[-1]},{"name":"answer"
            """.Trim(), await _client.GetStringAsync("/v2/models/shades"), StringComparison.Ordinal);

        using var channel = GrpcChannel.ForAddress(_node.RpcUrl);
        var client = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        var token = new Grpc.Core.Metadata { { "authorization", _client.DefaultRequestHeaders.Authorization!.ToString() } };
        var request = new ModelInferRequest { ModelName = "shades", Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "image", Datatype = "BYTES", Shape = { 3 } } } };
        request.Inputs[0].Contents = new InferTensorContents { BytesContents = { ByteString.CopyFrom(Pictures.Png(255)), ByteString.CopyFrom(Pictures.Png(0)), ByteString.CopyFromUtf8("[0,255]") } };
        request.Parameters["top"] = new InferParameter { Int64Param = 2 };
        var answer = await client.ModelInferAsync(request, token);
        Assert.Equal(["light", "dark", "light"], Texts(answer.RawOutputContents[0]));
        Assert.All(MemoryMarshal.Cast<byte, float>(answer.RawOutputContents[1].Span).ToArray(), score => Assert.InRange(score, 0.5f, 1));
        using var whole = JsonDocument.Parse(Texts(answer.RawOutputContents[2])[0]);
        Assert.Equal(["light", "dark"], whole.RootElement.GetProperty("labels").EnumerateArray().Select(label => label.GetProperty("label").GetString()));

        using var file = new ByteArrayContent(Pictures.Png(255));
        file.Headers.Add("Inference-Header-Content-Length", "0");
        using var raw = await _client.PostAsync("/v2/models/shades/infer", file);
        Assert.Contains("light", await raw.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        Assert.Contains("\"data\":[\"no\",\"yes\"]", await InferAsync("rows", "row", HttpStatusCode.OK, "[3, 1]", """{"yes": 3, "no": 1}"""), StringComparison.Ordinal);
        Assert.Contains("vector", await InferAsync("moods", "text", HttpStatusCode.OK, "dark and cold"), StringComparison.Ordinal);
        Assert.Contains("Row 0 of input 'row' for model 'rows@1' is not a row as JSON", await InferAsync("rows", "row", HttpStatusCode.BadRequest, "[1,2],[3,4]"), StringComparison.Ordinal);
        Assert.Contains("'yes'", await InferAsync("rows", "row", HttpStatusCode.BadRequest, """{"no": 1}"""), StringComparison.Ordinal);
        Assert.Contains("is no image that can be read", await InferAsync("shades", "image", HttpStatusCode.BadRequest, "what"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_of_raw_rows_can_be_a_step_and_one_without_rows_is_refused()
    {
        var ensemble = EnsembleNode.Spec("image", "shade", EnsembleNode.Step("shades", "image=image -> label=shade"));
        var made = await _node.Deployments.CreateAsync(Guid.CreateVersion7(), new DeploymentSpec { Name = "pictures", Ensemble = ensemble });
        await _node.UntilAsync(made.Id, current => current.Status is DeploymentStatus.Ready);
        Assert.Contains("\"data\":[\"light\"]", await InferAsync("pictures", "image", HttpStatusCode.OK, "[255,0]"), StringComparison.Ordinal);

        await _node.RegisterAsync(1);
        var refused = await _node.Deployments.CreateAsync(Guid.CreateVersion7(), new DeploymentSpec { Name = "plain", Model = ServingNode.Model, Raw = true });
        var failed = await _node.UntilAsync(refused.Id, current => current.Status is DeploymentStatus.Failed);
        Assert.Contains("cannot be served with 'raw'", failed.Reason, StringComparison.Ordinal);
    }

    /// <summary>A model that weighs two numbers, with a pipeline for what they are made of: the greater one's label is the answer.</summary>
    private async Task DeployAsync(string name, string pipeline, params object[] row)
    {
        var folder = Directory.CreateTempSubdirectory("odl-rows-").FullName;
        try
        {
            byte[][] nodes = row.Length == 1
                ? [Node("Softmax", "probabilities", "input")]
                : [Node("Flatten", "flat", "input"), name == "shades" ? Node("Mul", "scaled", "flat", "weights") : Node("Identity", "scaled", "flat"), Node("Softmax", "probabilities", "scaled")];
            await File.WriteAllBytesAsync(Path.Combine(folder, "model.onnx"), Model(
                [.. nodes, Text(2, name), .. name == "shades" ? [Shades()] : Array.Empty<byte[]>(), End(11, "input", OfFloat, ["N", .. row]), End(12, "probabilities", OfFloat, "N", 2)]));
            await File.WriteAllTextAsync(Path.Combine(folder, "pipeline.json"), pipeline);
            await _node.RegisterFolderAsync(name, folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        await DeployAsync(name, raw: true);
    }

    private async Task DeployAsync(string name, bool raw)
    {
        var made = await _node.Deployments.CreateAsync(Guid.CreateVersion7(), new DeploymentSpec { Name = name, Model = name, Raw = raw });
        var ready = await _node.UntilAsync(made.Id, current => current.Status is DeploymentStatus.Ready or DeploymentStatus.Failed);
        Assert.True(ready.Status is DeploymentStatus.Ready, ready.Reason);
    }

    /// <summary>The left pixel counts against what is light, the right one for it.</summary>
    private static byte[] Shades() => Field(5, Join(Number(1, 2), Number(2, OfFloat), Text(8, "weights"), Field(9, [.. BitConverter.GetBytes(-1f), .. BitConverter.GetBytes(2f)])));

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private static List<string> Texts(ByteString data)
    {
        var texts = new List<string>();
        for (var rest = data.Span; !rest.IsEmpty;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(rest);
            texts.Add(Encoding.UTF8.GetString(rest.Slice(4, length)));
            rest = rest[(4 + length)..];
        }

        return texts;
    }

    private async Task<string> LabelAsync(string deployment, HttpContent body, string query = "")
    {
        using (body)
        {
            using var answer = await _client.PostAsync($"/v1/projects/default/deployments/{deployment}/predict{query}", body);
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.IsSuccessStatusCode, text);
            using var json = JsonDocument.Parse(text);
            return json.RootElement.GetProperty("predictions")[0][0].GetProperty("label").GetString()!;
        }
    }

    private async Task<string> InferAsync(string model, string input, HttpStatusCode status, params string[] elements)
    {
        using var body = Json($$"""{"inputs":[{"name":"{{input}}","shape":[{{elements.Length}}],"datatype":"BYTES","data":{{JsonSerializer.Serialize(elements)}}}]}""");
        using var answer = await _client.PostAsync($"/v2/models/{model}/infer", body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, $"{answer.StatusCode}: {text}");
        return text;
    }
}
