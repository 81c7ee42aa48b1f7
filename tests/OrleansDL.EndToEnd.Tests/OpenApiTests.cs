using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

[Collection(ProductCollection.Name)]
public sealed class OpenApiTests(SqliteNode node) : IClassFixture<SqliteNode>
{
    /// <summary>ODL_WRITE_OPENAPI=1 writes the document anew; the difference is then read in review.</summary>
    [Fact]
    public async Task The_checked_in_document_is_what_the_running_server_says()
    {
        using var admin = node.Process.Api();
        var document = JsonSerializer.SerializeToNode(await admin.GetAsync("/v1/openapi.json"))!;
        // The address of this very node.
        ((JsonObject)document).Remove("servers");
        var running = document.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n";

        var path = Path.Combine(Repository.Root, "docs", "api", "openapi.json");
        if (Environment.GetEnvironmentVariable("ODL_WRITE_OPENAPI") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, running);
        }

        Assert.Equal(await File.ReadAllTextAsync(path), running);
    }
}
