using System.Text;
using OrleansDL.Serving;

namespace OrleansDL.Tests.Serving.Repository;

/// <summary>A folder of models in Triton's layout whose changes the server follows.</summary>
public sealed class PolledRepositoryTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("odl-models-").FullName;
    private ServingNode _node = null!;
    private HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        Write("kept/1/model.onnx", OffsetModel.Write(1));
        _node = await ServingNode.StartAsync(new Dictionary<string, string?>
        {
            ["Serving:Repository:Directory"] = _folder,
            ["Serving:Repository:ControlMode"] = "poll",
            ["Serving:Repository:PollInterval"] = "00:00:01",
            ["Serving:Repository:Public"] = "true",
        });
        _client = _node.Client(withToken: false);
        await _node.UntilAsync("kept", deployment => deployment.Status is DeploymentStatus.Ready);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _node.DisposeAsync();
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("load", "A", 400, "failed to parse the request JSON buffer: Invalid value. at 0")]
    [InlineData("unload", "A", 400, "failed to parse the request JSON buffer: Invalid value. at 0")]
    [InlineData("load", "{}", 503, "explicit model load / unload is not allowed if polling is enabled")]
    public async Task Clients_load_nothing_and_are_told_first_what_is_wrong_with_their_request(string verb, string body, int status, string text)
    {
        using var response = await _client.PostAsync($"/v2/repository/models/kept/{verb}", new StringContent(body));
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(text, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_put_into_the_folder_changed_there_or_taken_away_is_loaded_or_unloaded()
    {
        Write("added/1/model.onnx", OffsetModel.Write(2));
        await _node.UntilAsync("added", deployment => deployment.Status is DeploymentStatus.Ready);

        Write("kept/2/model.onnx", OffsetModel.Write(5));
        await _node.UntilAsync("kept", deployment => deployment.Status is DeploymentStatus.Ready && deployment.Served!.Any(version => version is { Number: 2, Status: DeploymentStatus.Ready }));
        using var body = new StringContent("""{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,1,1,1]}]}""", Encoding.UTF8, "application/json");
        using var answer = await _client.PostAsync("/v2/models/kept/infer", body);
        Assert.Contains("\"data\":[6", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        using var gone = await _client.GetAsync("/v2/models/kept/versions/1/ready");
        Assert.Contains("Request for unknown model: 'kept' version 1 is not at ready state", await gone.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        Directory.Delete(Path.Combine(_folder, "added"), recursive: true);
        await _node.UntilAsync("added", deployment => deployment.Status is DeploymentStatus.Unloaded);
    }

    /// <summary>Written beside it and moved, so that no half of it is ever seen.</summary>
    private void Write(string path, byte[] bytes)
    {
        var file = Path.Combine(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var beside = Path.Combine(_folder, $".{Path.GetRandomFileName()}");
        File.WriteAllBytes(beside, bytes);
        File.Move(beside, file);
    }
}
