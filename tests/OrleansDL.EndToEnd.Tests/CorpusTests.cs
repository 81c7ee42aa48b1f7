using OrleansDL.Datasets;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

/// <summary>Many files at once: a corpus of mails, and a commit of a million lines.</summary>
public sealed class CorpusTests
{
    private const string Datasets = "/v1/projects/default/datasets";

    [Fact]
    public async Task Six_thousand_mails_are_pushed_as_files_once()
    {
        var corpus = Path.Combine(Repository.Root, "tests", "corpora", "node_modules", "@stdlib", "datasets-spam-assassin", "data");
        Assert.True(Directory.Exists(corpus), $"There is no '{corpus}'. Run 'npm ci --prefix tests/corpora', or tests/run, which does.");
        using var folder = new TempFolder();
        var mails = 0;
        foreach (var mail in Directory.EnumerateFiles(corpus, "*.txt", SearchOption.AllDirectories))
        {
            var to = folder[Path.Combine("mails", Path.GetRelativePath(corpus, mail))];
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(mail, to);
            mails++;
        }

        Assert.True(mails > 6000);
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = folder["node"] });
        using var client = new OdlClient(node.Options.Url, node.Token);
        await client.Datasets.CreateAsync(new DatasetSpec { Name = "mails", Kind = DatasetKind.Files });
        var first = await client.Datasets.PushAsync("mails", folder["mails"]);
        Assert.Equal((mails, mails, mails), (first.Files, first.Changed, first.Version!.Files));
        var again = await client.Datasets.PushAsync("mails", folder["mails"]);
        Assert.Equal((0, 0L, first.Version.Commit), (again.Changed, again.SentBytes, again.Version!.Commit));

        // Small files lie in packs, not each in a file of its own.
        Assert.True(Directory.EnumerateFiles(Path.Combine(folder["node"], "blobs"), "*", SearchOption.AllDirectories).Count() < 100);
    }

    [Fact, Trait("Category", "Slow")]
    public async Task A_commit_of_a_million_lines_is_one_version()
    {
        const int Files = 1_000_000;
        using var folder = new TempFolder();
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = folder["node"] });
        using var api = node.Api();
        api.Http.Timeout = TimeSpan.FromMinutes(10);
        await api.PostAsync(Datasets, new { name = "many", kind = "files" });
        var blob = (await api.SendAsync(HttpMethod.Post, $"{Datasets}/many/uploads/files", new ByteArrayContent([1, 0, 0, 0, .. new byte[32], 7])))
            .GetProperty("files")[0].GetProperty("blob").GetString();
        var lines = folder["lines"];
        await using (var writer = new StreamWriter(lines))
        {
            await writer.WriteAsync("{}\n");
            for (var i = 0; i < Files; i++)
            {
                await writer.WriteAsync(FormattableString.Invariant($"{{\"add\":\"{i % 100:d2}/{i:d7}.bin\",\"blob\":\"{blob}\"}}\n"));
            }
        }

        await using var body = File.OpenRead(lines);
        var version = await api.SendAsync(HttpMethod.Post, $"{Datasets}/many/uploads/commit", new StreamContent(body));
        Assert.Equal((Files, Files), (version.GetProperty("files").GetInt32(), version.GetProperty("rows").GetInt32()));
        Assert.Equal(1, (await api.GetAsync($"{Datasets}/many")).GetProperty("latestVersion").GetInt32());
    }
}
