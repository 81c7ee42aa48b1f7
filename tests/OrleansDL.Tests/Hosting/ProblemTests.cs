using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace OrleansDL.Tests.Hosting;

[Collection(ServerNodeCollection.Name)]
public sealed class ProblemTests(ServerNode node)
{
    [Theory]
    [InlineData("GET", "/v1/nowhere", null, 404, "no-such-route")]
    [InlineData("PATCH", "/v1/projects", null, 405, "method-not-allowed")]
    [InlineData("GET", "/v1/projects/default/deployments/nope/predict", null, 405, "method-not-allowed")]
    [InlineData("POST", "/v1/projects/default/deployments/nope/predict", "{\"rows\":[[1]]}", 404, "not-found")]
    [InlineData("POST", "/v1/projects", "{\"name\":\"a b\"}", 400, "invalid")]
    [InlineData("POST", "/v1/projects", "{\"name\":", 400, "invalid")]
    [InlineData("POST", "/v1/projects", "{\"nmae\":\"x\"}", 400, "invalid")]
    [InlineData("GET", "/v1/projects/nope", null, 404, "not-found")]
    [InlineData("DELETE", "/v1/projects/default", null, 409, "conflict")]
    [InlineData("GET", "/v1/projects?pageSize=0", null, 400, "invalid")]
    [InlineData("GET", "/v1/projects?pageToken=zzz", null, 400, "invalid")]
    [InlineData("GET", "/v1/projects/default/events?limit=0", null, 400, "invalid")]
    public async Task Bad_input_is_answered_with_a_problem_document(string method, string path, string? body, int status, string code)
    {
        using var http = Client();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");

        using var response = await http.SendAsync(request);

        Assert.Equal((HttpStatusCode)status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.NotEqual("", problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Deep_json_is_refused()
    {
        using var http = Client();
        var deep = "{\"name\":" + new string('[', 100_000);

        using var response = await http.PostAsync("/v1/projects", new StringContent(deep, Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task A_repeated_post_with_the_same_key_makes_one_thing_and_another_body_is_refused()
    {
        using var http = Client();
        http.DefaultRequestHeaders.Add("Idempotency-Key", Guid.NewGuid().ToString());
        var name = "p" + Guid.NewGuid().ToString("N");

        var first = await (await http.PostAsJsonAsync("/v1/projects", new { name })).Content.ReadFromJsonAsync<JsonElement>();
        var second = await (await http.PostAsJsonAsync("/v1/projects", new { name })).Content.ReadFromJsonAsync<JsonElement>();
        using var third = await http.PostAsJsonAsync("/v1/projects", new { name = name + "x" });

        Assert.Equal(first.GetProperty("id").GetGuid(), second.GetProperty("id").GetGuid());
        Assert.Equal(HttpStatusCode.Conflict, third.StatusCode);
    }

    private HttpClient Client() => new()
    {
        BaseAddress = node.Url,
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", node.AdminToken) },
    };
}
