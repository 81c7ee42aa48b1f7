using System.Net;
using System.Net.Http.Json;
using System.Text;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

/// <summary>Walks every operation of the running server's own document.</summary>
[Collection(ProductCollection.Name)]
public sealed class AccessTests(SqliteNode node) : IClassFixture<SqliteNode>
{
    [Fact]
    public async Task Nobody_gets_in_without_a_valid_token()
    {
        using var admin = node.Process.Api();
        var revoked = await TokenAsync(admin, "admin");
        await admin.DeleteAsync($"/v1/tokens/{revoked.Id}");
        var expired = (await admin.PostAsync("/v1/tokens", new { title = "brief", role = "admin", expiresInSeconds = 0.001 })).Text("secret");
        var routes = await ApiRoute.AllAsync(admin);
        Assert.True(routes.Count > 50, $"Only {routes.Count} routes are documented.");

        // A revocation holds everywhere within a second.
        await Eventually.TrueAsync("the revoked token to be refused", async () => await StatusAsync(revoked.Secret, new(HttpMethod.Get, "/v1/whoami")) is HttpStatusCode.Unauthorized, TimeSpan.FromSeconds(1));
        var wrong = new List<string>();
        foreach (var (kind, secret) in new[] { ("no", ""), ("wrong", "odl_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), ("malformed", "x"), ("revoked", revoked.Secret), ("expired", expired) })
        {
            using var api = node.Process.Api(secret);
            foreach (var route in routes)
            {
                var (status, _) = await api.TryAsync(route.Method, route.Path, Body(route));
                if (status is not HttpStatusCode.Unauthorized)
                {
                    wrong.Add($"{kind} token, {route.Method} {route.Template}: {(int)status}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public async Task A_role_may_do_what_it_says_and_no_more()
    {
        using var admin = node.Process.Api();
        var routes = await ApiRoute.AllAsync(admin);
        var wrong = new List<string>();
        foreach (var role in new[] { "viewer", "developer", "operator" })
        {
            using var api = node.Process.Api((await TokenAsync(admin, role)).Secret);
            foreach (var route in routes)
            {
                var refused = (await api.TryAsync(route.Method, route.Path, Body(route))).Status is HttpStatusCode.Forbidden;
                if (refused != IsAbove(role, route))
                {
                    wrong.Add($"{role}, {route.Method} {route.Template}: {(refused ? "refused" : "let in")}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public async Task A_token_of_one_project_opens_no_other()
    {
        using var admin = node.Process.Api();
        await admin.PostAsync("/v1/projects", new { name = "elsewhere" });
        var elsewhere = (await admin.PostAsync("/v1/tokens", new { title = "elsewhere", role = "admin", project = "elsewhere" })).Text("secret");
        using var api = node.Process.Api(elsewhere);
        var wrong = new List<string>();
        foreach (var route in (await ApiRoute.AllAsync(admin)).Where(route => route.Template.Contains("{project}", StringComparison.Ordinal)))
        {
            var (status, _) = await api.TryAsync(route.Method, route.Path, Body(route));
            if (status is not HttpStatusCode.Forbidden)
            {
                wrong.Add($"{route.Method} {route.Template}: {(int)status}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        await api.GetAsync("/v1/projects/elsewhere/datasets");
    }

    /// <summary>The rule of the roles: viewers read and predict, developers change their project, operators see the cluster, administrators the rest.</summary>
    private static bool IsAbove(string role, ApiRoute route)
    {
        var path = route.Template;
        var isAdmin = path.StartsWith("/v1/tokens", StringComparison.Ordinal)
            || path.StartsWith("/v1/admin", StringComparison.Ordinal)
            || path.EndsWith("/purge", StringComparison.Ordinal)
            || (path is "/v1/projects" or "/v1/projects/{project}" && route.Method != HttpMethod.Get);
        var isOperator = path.StartsWith("/dashboard", StringComparison.Ordinal) || path.StartsWith("/v1/workers/", StringComparison.Ordinal);
        var isRead = route.Method == HttpMethod.Get
            || (path.EndsWith("/check", StringComparison.Ordinal) && !path.EndsWith("/sources/check", StringComparison.Ordinal))
            || path.EndsWith("/mds", StringComparison.Ordinal)
            || path.EndsWith("/predict", StringComparison.Ordinal)
            || path.EndsWith("/infer", StringComparison.Ordinal);
        var needed = isAdmin ? 3 : isOperator ? 2 : isRead ? 0 : 1;
        return Array.IndexOf(["viewer", "developer", "operator", "admin"], role) < needed;
    }

    // What the route takes, so that it is the access check that answers and not the reading of the body.
    private static HttpContent? Body(ApiRoute route) => route.Method == HttpMethod.Get || route.Method == HttpMethod.Delete ? null
        : route.Template.EndsWith("/commits", StringComparison.Ordinal) ? new StringContent("x\n1\n", Encoding.UTF8, "text/csv")
        : route.Template.EndsWith("/code/{code}/versions", StringComparison.Ordinal) ? Archive()
        : JsonContent.Create(new { });

    private static ByteArrayContent Archive()
    {
        var content = new ByteArrayContent([0]);
        content.Headers.ContentType = new("application/octet-stream");
        return content;
    }

    private static async Task<(string Id, string Secret)> TokenAsync(Api admin, string role)
    {
        var made = await admin.PostAsync("/v1/tokens", new { title = $"a {role}", role });
        return (made.GetProperty("token").Text("id"), made.Text("secret"));
    }

    private async Task<HttpStatusCode> StatusAsync(string secret, ApiRoute route)
    {
        using var api = node.Process.Api(secret);
        return (await api.TryAsync(route.Method, route.Path, Body(route))).Status;
    }
}
