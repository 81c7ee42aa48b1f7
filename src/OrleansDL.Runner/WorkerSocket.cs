using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using OrleansDL.Training;

namespace OrleansDL.Runner;

/// <summary>The worker at the other end of <c>ODL_SOCKET</c>: HTTP and JSON over a Unix socket.</summary>
internal sealed class WorkerSocket : IDisposable
{
    private readonly HttpClient _http;

    public WorkerSocket(string path) => _http = new HttpClient(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    })
    {
        BaseAddress = new Uri("http://worker/"),
        Timeout = TimeSpan.FromMinutes(10),
    };

    public Task PostMetricsAsync(RunReport report) => PostAsync("metrics", report);

    public Task PostCheckpointAsync(WrittenCheckpoint checkpoint) =>
        PostAsync("checkpoint", new CheckpointNotice(checkpoint.Step, checkpoint.Path, checkpoint.Score));

    /// <summary>Says where a rank listens.</summary>
    /// <returns>Where all of them do, by rank; null while some have not said so.</returns>
    public async Task<IReadOnlyList<string>?> MeetAsync(RankAddress address)
    {
        using var content = JsonContent.Create(address, options: OdlJson.Options);
        await content.LoadIntoBufferAsync();
        using var answer = await _http.PostAsync(new Uri("rendezvous", UriKind.Relative), content);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<Rendezvous>(OdlJson.Options))?.Addresses;
    }

    /// <summary>Waits for the worker's next command: <c>none</c>, <c>stop</c> or <c>checkpoint</c>.</summary>
    public async Task<string> WaitForCommandAsync(CancellationToken cancellationToken)
    {
        using var answer = await _http.GetAsync(new Uri("control", UriKind.Relative), cancellationToken);
        answer.EnsureSuccessStatusCode();
        using var body = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);
        return body.RootElement.GetProperty("command").GetString() ?? "none";
    }

    public void Dispose() => _http.Dispose();

    private async Task PostAsync<T>(string path, T body)
    {
        using var content = JsonContent.Create(body, options: OdlJson.Options);
        await content.LoadIntoBufferAsync();
        using var answer = await _http.PostAsync(new Uri(path, UriKind.Relative), content);
        answer.EnsureSuccessStatusCode();
    }
}
