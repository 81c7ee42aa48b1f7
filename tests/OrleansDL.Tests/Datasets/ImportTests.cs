using System.Net;
using OrleansDL.Datasets;
using OrleansDL.Datasets.Imports;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests.Datasets;

public sealed class ImportTests(ImportNode node) : IClassFixture<ImportNode>
{
    [Fact]
    public async Task A_file_is_fetched_in_pieces_from_a_server_that_keeps_breaking_off()
    {
        await using var server = await FileServer.StartAsync();
        server.Content = Bytes(1_000_000);
        server.BreakAfter = 300_000;
        var import = await ImportAsync("breaks", server.Url(file: "data/file.bin"));

        Assert.Equal((ImportStatus.Completed, 1L, 1_000_000L), (import.Status, import.ObjectsDone, import.BytesDone));
        Assert.All(server.Asked.Skip(1), range => Assert.NotEqual("", range));
        var entry = await FirstAsync("breaks");
        Assert.Equal(("file.bin", PushFolder.Digest(server.Content)), (entry.Path, entry.Blob));
        using var client = node.Client();
        Assert.Equal(server.Url(file: "data/file.bin"), (await client.Datasets.GetVersionAsync("breaks")).Sources[0].Uri);

        var unchanged = Assert.Single(await client.Datasets.Imports.CheckSourcesAsync("breaks"));
        Assert.Equal("unchanged", unchanged.State);
        server.ETag = "\"two\"";
        Assert.Equal("changed", Assert.Single(await client.Datasets.Imports.CheckSourcesAsync("breaks")).State);
    }

    [Theory]
    [InlineData(false, false, "\"one\"")]
    [InlineData(true, true, "\"one\"")]
    [InlineData(true, false, null)]
    [InlineData(true, false, "W/\"weak\"")]
    public async Task A_server_with_broken_ranges_gives_the_whole_file_or_none(bool ranges, bool lying, string? etag)
    {
        await using var server = await FileServer.StartAsync();
        (server.Content, server.Ranges, server.LyingRanges, server.ETag, server.BreakAfter) = (Bytes(400_000), ranges, lying, etag, 250_000);
        var started = await StartAsync($"ranges-{ranges}-{lying}-{etag?.Length}".ToLowerInvariant(), server.Url());
        await Eventually.TrueAsync("a second try", () => Task.FromResult(server.Asked.Count > 2));
        server.BreakAfter = 0;
        var import = await FinishedAsync(started.Name, started.Import.Id);
        Assert.Equal(ImportStatus.Completed, import.Status);
        Assert.Equal(PushFolder.Digest(server.Content), (await FirstAsync(started.Name)).Blob);
    }

    [Fact]
    public async Task A_file_that_changes_in_between_is_never_mixed()
    {
        await using var server = await FileServer.StartAsync();
        (server.Content, server.BreakAfter) = (Bytes(400_000), 250_000);
        var started = await StartAsync("mixed", server.Url());
        await Eventually.TrueAsync("the first piece", () => Task.FromResult(!server.Asked.IsEmpty));
        (server.Content, server.ETag, server.BreakAfter) = (Bytes(500_000), "\"two\"", 0);
        await FinishedAsync("mixed", started.Import.Id);
        Assert.Equal(PushFolder.Digest(server.Content), (await FirstAsync("mixed")).Blob);
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://files.test/secret")]
    [InlineData("file:///etc/passwd")]
    public async Task A_redirect_to_where_nothing_may_be_fetched_is_refused(string target)
    {
        await using var server = await FileServer.StartAsync();
        node.Names.Addresses["files.test"] = [IPAddress.Parse("10.0.0.5"), IPAddress.Parse("::ffff:10.0.0.6")];
        server.Redirect = target;
        var import = await ImportAsync($"redirect-{(uint)target.GetHashCode(StringComparison.Ordinal)}", server.Url());
        Assert.Equal(ImportStatus.Failed, import.Status);
        Assert.Null(import.Version);
    }

    [Fact]
    public async Task A_name_that_leads_into_a_private_network_is_refused_whenever_it_does()
    {
        await using var server = await FileServer.StartAsync();
        (server.Content, server.BreakAfter) = (Bytes(1_000_000), 200_000);
        node.Names.Addresses["rebound.test"] = [IPAddress.Loopback];
        var started = await StartAsync("rebound", server.Url("rebound.test"));
        await Eventually.TrueAsync("the first piece", () => Task.FromResult(!server.Asked.IsEmpty));
        node.Names.Addresses["rebound.test"] = [IPAddress.Parse("127.0.0.2"), IPAddress.IPv6Loopback, IPAddress.Parse("192.168.1.1")];
        var import = await FinishedAsync("rebound", started.Import.Id);
        Assert.Equal(ImportStatus.Failed, import.Status);
        Assert.Contains("no public address", import.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://elsewhere.test/x", HttpStatusCode.Forbidden)]
    [InlineData("https://wild.test/x", HttpStatusCode.Forbidden)]
    [InlineData("https://files.test.evil.test/x", HttpStatusCode.Forbidden)]
    [InlineData("s3://other/x", HttpStatusCode.Forbidden)]
    [InlineData("ftp://files.test/x", HttpStatusCode.BadRequest)]
    [InlineData("https://user:secret@files.test/x", HttpStatusCode.BadRequest)]
    [InlineData("nothing", HttpStatusCode.BadRequest)]
    public async Task A_source_that_is_not_allowed_is_refused_at_once(string source, HttpStatusCode expected)
    {
        var name = $"refused-{(uint)source.GetHashCode(StringComparison.Ordinal)}";
        await node.CreateAsync(name, "files");
        await node.SendAsync(HttpMethod.Post, $"{DatasetNode.Root}/{name}/imports", expected, DatasetNode.Json(new { source }));
    }

    [Fact]
    public async Task A_file_that_is_too_large_is_refused_whatever_the_server_says_of_it()
    {
        await using var server = await FileServer.StartAsync();
        server.Content = Bytes(6_000_000);
        var import = await ImportAsync("large", server.Url());
        Assert.Equal(ImportStatus.Failed, import.Status);
        Assert.Contains("5000000", import.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_import_is_cancelled_and_listed()
    {
        await using var server = await FileServer.StartAsync();
        (server.Content, server.BreakAfter, server.Ranges) = (Bytes(400_000), 1, false);
        var started = await StartAsync("cancelled", server.Url());
        using var client = node.Client();
        Assert.Equal(ImportStatus.Cancelled, (await client.Datasets.Imports.CancelAsync("cancelled", started.Import.Id)).Status);
        await foreach (var import in client.Datasets.Imports.ListAsync("cancelled"))
        {
            Assert.Equal((started.Import.Id, ImportStatus.Cancelled), (import.Id, import.Status));
        }

        Assert.Equal(0, (await client.Datasets.GetAsync("cancelled")).LatestVersion);
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("2606:4700::1111", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("172.20.0.1", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("64:ff9b::7f00:1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("2002:7f00:1::", false)]
    public void Addresses_of_private_networks_are_told_from_public_ones(string address, bool expected) =>
        Assert.Equal(expected, new SafeAddresses([]).IsAllowed(IPAddress.Parse(address)));

    private async Task<DatasetImport> ImportAsync(string name, string source)
    {
        var (_, import) = await StartAsync(name, source);
        return await FinishedAsync(name, import.Id);
    }

    private async Task<(string Name, DatasetImport Import)> StartAsync(string name, string source)
    {
        using var client = node.Client();
        await node.CreateAsync(name, "files");
        return (name, await client.Datasets.Imports.StartAsync(name, new ImportSpec { Source = source }));
    }

    private async Task<DatasetImport> FinishedAsync(string name, Guid id)
    {
        using var client = node.Client();
        DatasetImport? import = null;
        await Eventually.TrueAsync("the import to end", async () => (import = await client.Datasets.Imports.GetAsync(name, id)).Status is not ImportStatus.Running);
        return import!;
    }

    private async Task<DatasetEntry> FirstAsync(string name)
    {
        using var client = node.Client();
        await foreach (var entry in client.Datasets.ListFilesAsync(name))
        {
            return entry;
        }

        throw new InvalidOperationException("The version has no file.");
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }
}
