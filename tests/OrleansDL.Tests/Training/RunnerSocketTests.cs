using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text.Json;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

public sealed class RunnerSocketTests : IAsyncLifetime, IDisposable
{
    private readonly List<RunReport> _reports = [];
    private readonly List<CheckpointReady> _checkpoints = [];
    private RunnerSocket _socket = null!;
    private HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        _socket = await RunnerSocket.OpenAsync(2, untrusted: false, Keep(_reports), Keep(_checkpoints), TimeProvider.System);
        _client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancel) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(_socket.Path), cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { BaseAddress = new Uri("http://worker/") };
    }

    public async Task DisposeAsync() => await _socket.DisposeAsync();

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task A_report_arrives_once_however_often_it_is_posted()
    {
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync("metrics", new RunReport { Attempt = 2, Sequence = 1, Log = ["one"] }));
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync("metrics", new RunReport { Attempt = 2, Sequence = 1, Log = ["one"] }));
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync("metrics", new RunReport { Attempt = 2, Sequence = 2, Log = ["two"] }));
        Assert.Equal(["one", "two"], _reports.SelectMany(r => r.Log));
    }

    [Fact]
    public async Task A_report_of_another_attempt_is_refused()
    {
        Assert.Equal(HttpStatusCode.Conflict, await PostAsync("metrics", new RunReport { Attempt = 1, Sequence = 1 }));
        Assert.Empty(_reports);
    }

    [Fact]
    public async Task A_body_that_is_no_report_is_refused()
    {
        using var body = new StringContent("{\"attempt\":", System.Text.Encoding.UTF8, "application/json");
        using var answer = await _client.PostAsync(new Uri("metrics", UriKind.Relative), body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task A_checkpoint_arrives()
    {
        await PostAsync("checkpoint", new CheckpointReady { Step = 7, Path = "/x" });
        Assert.Equal(7, Assert.Single(_checkpoints).Step);
    }

    [Fact]
    public async Task A_waiting_runner_is_told_to_write_a_checkpoint_once_and_to_stop_for_ever()
    {
        var waiting = CommandAsync();
        _socket.Tell(RunnerCommand.Checkpoint);
        Assert.Equal("checkpoint", await waiting);
        _socket.Tell(RunnerCommand.Stop);
        Assert.Equal("stop", await CommandAsync());
        Assert.Equal("stop", await CommandAsync());
    }

    [Fact, SupportedOSPlatform("linux")]
    public void Only_the_owner_may_open_the_socket() =>
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_socket.Path));

    private static Func<T, ValueTask> Keep<T>(List<T> list) => item =>
    {
        list.Add(item);
        return ValueTask.CompletedTask;
    };

    private async Task<HttpStatusCode> PostAsync<T>(string path, T body)
    {
        using var answer = await _client.PostAsJsonAsync(path, body, OdlJson.Options);
        return answer.StatusCode;
    }

    private async Task<string?> CommandAsync()
    {
        using var answer = JsonDocument.Parse(await _client.GetStringAsync(new Uri("control", UriKind.Relative)));
        return answer.RootElement.GetProperty("command").GetString();
    }
}
