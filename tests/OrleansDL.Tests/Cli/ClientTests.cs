using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using OrleansDL.Datasets;
using OrleansDL.Projects;

namespace OrleansDL.Tests.Cli;

public sealed class ClientTests
{
    [Theory]
    [InlineData(404, "not-found", typeof(NotFoundException))]
    [InlineData(400, "invalid", typeof(InvalidException))]
    [InlineData(409, "conflict", typeof(ConflictException))]
    [InlineData(412, "precondition-failed", typeof(PreconditionException))]
    [InlineData(401, "unauthorized", typeof(UnauthorizedException))]
    [InlineData(403, "forbidden", typeof(ForbiddenException))]
    [InlineData(413, "too-large", typeof(TooLargeException))]
    [InlineData(503, "no-capacity", typeof(NoCapacityException))]
    [InlineData(507, "out-of-space", typeof(OutOfSpaceException))]
    [InlineData(500, "blob-damaged", typeof(BlobDamagedException))]
    [InlineData(409, "stale-attempt", typeof(StaleAttemptException))]
    [InlineData(500, "internal", typeof(UnexpectedAnswerException))]
    public async Task A_problem_document_becomes_the_exception_the_server_threw(int status, string code, Type type)
    {
        await using var server = await FakeServer.StartAsync(app => app.MapFallback(() =>
            Results.Json(new { type = "about:blank", title = "t", status, detail = "There is no dataset 'x'. Look again.", code }, statusCode: status, contentType: "application/problem+json")));
        using var client = server.Client(attempts: 1);
        var error = await Assert.ThrowsAnyAsync<OrleansDLException>(() => client.Datasets.GetAsync("x"));
        Assert.IsType(type, error);
        Assert.Equal("There is no dataset 'x'. Look again.", error.Message);
        Assert.Equal(code, error.Code);
        Assert.Equal(status, error.Status);
    }

    [Fact]
    public async Task An_answer_that_is_no_problem_document_still_names_the_call()
    {
        await using var server = await FakeServer.StartAsync(app => app.MapFallback(() => Results.Text("<html>", statusCode: 404)));
        using var client = server.Client();
        var error = await Assert.ThrowsAsync<NotFoundException>(() => client.Datasets.GetAsync("x"));
        Assert.Contains("/v1/projects/default/datasets/x", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_of_the_inference_protocol_keeps_its_words()
    {
        await using var server = await FakeServer.StartAsync(app => app.MapFallback(() => Results.Json(new { error = "Request for unknown model: 'x' is not found" }, statusCode: 400)));
        using var client = server.Client();
        var error = await Assert.ThrowsAsync<InvalidException>(() => client.Inference.InferAsync("x", new { }));
        Assert.Equal("Request for unknown model: 'x' is not found", error.Message);
    }

    [Fact]
    public async Task A_creation_is_tried_again_with_the_same_idempotency_key()
    {
        var keys = new List<string>();
        await using var server = await FakeServer.StartAsync(app => app.MapPost("/v1/projects", (HttpContext http) =>
        {
            keys.Add(http.Request.Headers["Idempotency-Key"].ToString());
            return keys.Count < 3
                ? Results.Problem(statusCode: 503)
                : Results.Json(new { id = Guid.Empty, name = "p", createdAt = DateTimeOffset.UnixEpoch });
        }));
        using var client = server.Client();
        Assert.Equal("p", (await client.Projects.CreateAsync(new ProjectSpec { Name = "p" })).Name);
        Assert.Equal(3, keys.Count);
        Assert.NotEmpty(Assert.Single(keys.Distinct()));
    }

    [Fact]
    public async Task A_broken_connection_is_tried_again()
    {
        var calls = 0;
        await using var server = await FakeServer.StartAsync(app => app.MapGet("/v1/projects/{name}", (HttpContext http, string name) =>
        {
            if (++calls < 3)
            {
                http.Abort();
            }

            return Results.Json(new { id = Guid.Empty, name, createdAt = DateTimeOffset.UnixEpoch });
        }));
        using var client = server.Client();
        Assert.Equal("p", (await client.Projects.GetAsync("p")).Name);
        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task A_change_with_an_etag_is_tried_once()
    {
        var calls = 0;
        await using var server = await FakeServer.StartAsync(app => app.MapFallback(() =>
        {
            calls++;
            return Results.Problem(statusCode: 503);
        }));
        using var client = server.Client();
        await Assert.ThrowsAsync<NoCapacityException>(() => client.Datasets.RenameAsync("x", "y", "\"1\""));
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task A_node_that_is_not_there_is_named()
    {
        using var client = new OdlClient(new Uri("http://127.0.0.1:9"), "odl_x", options: new OdlClientOptions { Attempts = 1 });
        var error = await Assert.ThrowsAsync<UnreachableException>(() => client.Projects.GetAsync("p"));
        Assert.Contains("http://127.0.0.1:9/", error.Message, StringComparison.Ordinal);
        Assert.False(await client.IsReadyAsync());
    }

    [Fact]
    public async Task Lists_are_walked_to_their_last_page()
    {
        await using var server = await FakeServer.StartAsync(app => app.MapGet("/v1/projects", (string? pageToken) => Results.Json(new
        {
            items = new[] { new { id = Guid.Empty, name = pageToken ?? "first", createdAt = DateTimeOffset.UnixEpoch } },
            nextPageToken = pageToken switch { null => "a+b/c=", "a+b/c=" => "last", _ => null },
        })));
        using var client = server.Client();
        var names = new List<string>();
        await foreach (var project in client.Projects.ListAsync())
        {
            names.Add(project.Name);
        }

        Assert.Equal(["first", "a+b/c=", "last"], names);
    }

    [Fact]
    public async Task Token_and_project_go_with_every_call()
    {
        var seen = "";
        await using var server = await FakeServer.StartAsync(app => app.MapFallback((HttpContext http) =>
        {
            seen = $"{http.Request.Headers.Authorization} {http.Request.Headers["odl-project"]}";
            return Results.NotFound();
        }));
        using var client = server.Client();
        await Assert.ThrowsAsync<NotFoundException>(() => client.Projects.GetAsync("p"));
        Assert.Equal("Bearer odl_test default", seen);
    }

    [Fact]
    public async Task An_upload_streams_tells_its_progress_and_is_sent_whole_again_after_a_failure()
    {
        var bodies = new List<byte[]>();
        await using var server = await FakeServer.StartAsync(app => app.MapPost("/v1/projects/default/datasets/d/commits", async (HttpContext http) =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            bodies.Add(body.ToArray());
            return bodies.Count == 1 ? Results.Problem(statusCode: 503) : Results.Json(Version(http.Request.QueryString.Value!), OdlJson.Options);
        }));
        using var client = server.Client();
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("1,2,3\n", 50_000)));
        using var content = new MemoryStream(bytes);
        var progress = new Told();
        var version = await client.Datasets.CommitAsync("d", content, new CommitOptions { Message = "a b", Tags = ["x", "y"], Format = "csv", Header = false, Path = "p.csv" }, progress);
        Assert.Equal("?message=a%20b&tags=x%2Cy&format=csv&header=false&path=p.csv&mode=append", version.Message);
        Assert.Equal([bytes, bytes], bodies);
        Assert.Equal(bytes.Length, progress.Last);
    }

    [Fact]
    public async Task The_event_feed_goes_on_where_it_broke()
    {
        using var taken = new SemaphoreSlim(0);
        await using var server = await FakeServer.StartAsync(app => app.MapGet("/v1/projects/default/events", async (HttpContext http, long after) =>
        {
            Assert.Equal("text/event-stream", http.Request.Headers.Accept);
            http.Response.ContentType = "text/event-stream";
            for (var sequence = after + 1; sequence <= after + 2; sequence++)
            {
                await http.Response.WriteAsync(
                    $"id: {sequence}\ndata: {{\"id\":\"{Guid.Empty}\",\"sequence\":{sequence},\"project\":\"default\",\"type\":\"t\",\"subject\":\"{Guid.Empty}\",\"time\":\"2026-01-01T00:00:00Z\",\"data\":\"{{}}\"}}\n\n");
                await http.Response.Body.FlushAsync();
            }

            await taken.WaitAsync();
            http.Abort();
        }));
        using var client = server.Client();
        var seen = new List<long>();
        await foreach (var one in client.Events.FollowAsync())
        {
            seen.Add(one.Sequence);
            if (seen.Count % 2 == 0)
            {
                taken.Release();
            }

            if (seen.Count == 4)
            {
                break;
            }
        }

        Assert.Equal([1, 2, 3, 4], seen);
    }

    private static DatasetVersion Version(string message) => new()
    {
        Dataset = Guid.Empty,
        DatasetName = "d",
        Version = 1,
        Commit = BlobId.FromHash(new byte[32]),
        Content = BlobId.FromHash(new byte[32]),
        Message = message,
        Tags = [],
        Rows = 1,
        Bytes = 1,
        Files = 1,
        Schema = [],
        Sources = [],
        CommittedAt = DateTimeOffset.UnixEpoch,
        RowsAdded = 1,
        Kind = DatasetKind.Table,
    };

    private sealed class Told : IProgress<long>
    {
        public long Last { get; private set; }

        public void Report(long value) => Last = value;
    }
}
