using System.Text.Json;

namespace OrleansDL.Tests.Datasets;

/// <summary>The commands of a dataset's life, as they are typed, against a whole node.</summary>
public sealed class DatasetCommandTests(DatasetNode node) : IClassFixture<DatasetNode>
{
    [Fact]
    public async Task Branches_are_made_compared_merged_reverted_and_tagged_from_the_command_line()
    {
        using var folder = new PushFolder();
        await RunAsync("dataset", "create", "shapes");
        await PushAsync("shapes", folder, "a.csv", "x,side\n1,left\n2,right\n");
        Assert.Contains("Branch dev is at v1", await RunAsync("dataset", "branch", "shapes", "dev"), StringComparison.Ordinal);
        await PushAsync("shapes", folder, "b.csv", "x,side\n3,left\n4,right\n5,left\n", "--branch", "dev");
        Assert.Equal([("dev", 2), ("main", 1)], (await JsonAsync("dataset", "branches", "shapes")).EnumerateArray()
            .Select(branch => (branch.GetProperty("name").GetString(), branch.GetProperty("version").GetInt32())).Order());

        var diff = await RunAsync("dataset", "diff", "shapes", "main", "dev", "--since-base");
        Assert.Contains("v1 -> v2: +3 -0 rows", diff, StringComparison.Ordinal);
        Assert.Contains("b.csv", diff, StringComparison.Ordinal);
        Assert.Contains("moved ahead to v2", await RunAsync("dataset", "merge", "shapes", "dev"), StringComparison.Ordinal);
        Assert.Contains("Nothing to do", await RunAsync("dataset", "merge", "shapes", "dev"), StringComparison.Ordinal);

        Assert.Contains("v2 is tagged golden", await RunAsync("dataset", "tag", "shapes", "golden", "--version", "dev"), StringComparison.Ordinal);
        await PushAsync("shapes", folder, "c.csv", "x,side\n6,left\n");
        await RunAsync("dataset", "tag", "shapes", "golden", "--version", "v3", "--move");
        Assert.Equal(3, Assert.Single((await JsonAsync("dataset", "tags", "shapes")).EnumerateArray()).GetProperty("version").GetInt32());
        await RunAsync("dataset", "untag", "shapes", "golden");
        Assert.Empty((await JsonAsync("dataset", "tags", "shapes")).EnumerateArray());

        Assert.Contains("shapes v4: 5 rows", await RunAsync("dataset", "revert", "shapes", "v3"), StringComparison.Ordinal);
        Assert.Equal([4, 3, 2, 1], (await JsonAsync("dataset", "log", "shapes")).EnumerateArray().Select(version => version.GetProperty("version").GetInt32()));

        // Both sides change one file: reported, and nothing is merged unless a side is chosen.
        await PushAsync("shapes", folder, "a.csv", "x,side\n10,left\n");
        await PushAsync("shapes", folder, "a.csv", "x,side\n20,right\n", "--branch", "dev");
        var (code, output, error) = await TryAsync("dataset", "merge", "shapes", "dev");
        Assert.Equal(1, code);
        Assert.Contains("a.csv", output, StringComparison.Ordinal);
        Assert.Contains("--strategy ours or theirs", error, StringComparison.Ordinal);
        Assert.Contains("shapes v7: 4 rows", await RunAsync("dataset", "merge", "shapes", "dev", "--strategy", "theirs"), StringComparison.Ordinal);

        Assert.Contains("Branch dev is at v1", await RunAsync("dataset", "branch", "shapes", "dev", "--move-to", "v1"), StringComparison.Ordinal);
        await RunAsync("dataset", "branch", "shapes", "dev", "--delete");
        Assert.Contains("no branch", (await TryAsync("dataset", "branch", "shapes", "dev", "--delete")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_are_selected_looked_at_exported_and_forgotten_from_the_command_line()
    {
        using var folder = new PushFolder();
        await RunAsync("dataset", "create", "pets");
        await PushAsync("pets", folder, "a.csv", "age,label\n1,cat\n2,dog\n3,cat\n", "--tag", "reviewed");
        await PushAsync("pets", folder, "b.csv", "age,label\n4,cat\n");

        Assert.Contains("none: only counted", await RunAsync("dataset", "select", "pets", "--tag", "reviewed", "--label", "cat", "--dry-run"), StringComparison.Ordinal);
        var selected = (await JsonAsync("dataset", "select", "pets", "--tag", "reviewed", "--label", "cat")).GetProperty("version").GetProperty("version").GetInt32();
        var rows = await RunAsync("dataset", "rows", "pets", "--version", $"v{selected}", "--columns", "age", "--json");
        Assert.Equal(["{\"age\":1}", "{\"age\":3}"], rows.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("4", await RunAsync("dataset", "rows", "pets", "--filter", "age > 3"), StringComparison.Ordinal);

        // A version is named behind an @ here as everywhere.
        Assert.Equal(rows, await RunAsync("dataset", "rows", $"pets@v{selected}", "--columns", "age", "--json"));
        Assert.Contains("pets v1", await RunAsync("dataset", "show", "pets@reviewed"), StringComparison.Ordinal);
        Assert.Equal(["a.csv"], (await JsonAsync("dataset", "files", "pets@v1")).EnumerateArray().Select(file => file.GetProperty("path").GetString()));
        Assert.Equal(1, Assert.Single((await JsonAsync("dataset", "log", "pets@v1")).EnumerateArray()).GetProperty("version").GetInt32());
        Assert.Contains("Say one of them", (await TryAsync("dataset", "stats", "pets@v1", "--version", "v2")).Error, StringComparison.Ordinal);
        Assert.Equal(["cat", "dog"], (await JsonAsync("dataset", "labels", "pets@main")).GetProperty("labels").EnumerateArray().Select(label => label.GetString()));
        Assert.Contains("age", await RunAsync("dataset", "stats", "pets"), StringComparison.Ordinal);
        var exported = Path.Combine(folder.Path, "out.jsonl");
        await RunAsync("dataset", "export", "pets", "--format", "jsonl", "--output", exported);
        Assert.Equal(4, (await File.ReadAllLinesAsync(exported)).Length);

        await File.WriteAllTextAsync(Path.Combine(folder.Path, "policy.json"), """{"expectations": [{"column": "age", "max": 10}]}""");
        await RunAsync("dataset", "policy", "pets", "--set", Path.Combine(folder.Path, "policy.json"));
        folder.Write("old.csv", "age,label\n99,cat\n"u8.ToArray());
        Assert.Contains("outOfRange", await RunAsync("dataset", "validate", "pets", Path.Combine(folder.Path, "old.csv"), "--json"), StringComparison.Ordinal);

        // The tagged version and the one that the snapshot stands on stay, whatever the retention says.
        await PushAsync("pets", folder, "c.csv", "age,label\n5,dog\n");
        Assert.Contains("prune --dry-run", await RunAsync("dataset", "retention", "pets", "--keep-versions", "1"), StringComparison.Ordinal);
        Assert.Contains("Would go: v2", await RunAsync("dataset", "prune", "pets", "--dry-run"), StringComparison.Ordinal);
        Assert.Contains("Gone: v2", await RunAsync("dataset", "prune", "pets"), StringComparison.Ordinal);
        Assert.Equal(1, (await TryAsync("dataset", "rows", "pets", "--version", "v2")).Code);
        Assert.Contains("All versions stay", await RunAsync("dataset", "retention", "pets"), StringComparison.Ordinal);

        Assert.Contains("v4", await RunAsync("dataset", "used-by", "pets", "--path", "c.csv"), StringComparison.Ordinal);
        Assert.Equal(1, (await TryAsync("dataset", "purge", "pets", "--path", "c.csv", "--reason", "asked")).Code);
        Assert.Contains("Purged v4", await RunAsync("dataset", "purge", "pets", "--path", "c.csv", "--reason", "asked", "--force"), StringComparison.Ordinal);
    }

    private async Task PushAsync(string dataset, PushFolder folder, string name, string text, params string[] options)
    {
        folder.Write(name, System.Text.Encoding.UTF8.GetBytes(text));
        await RunAsync(["dataset", "push", dataset, Path.Combine(folder.Path, name), .. options]);
    }

    private async Task<JsonElement> JsonAsync(params string[] line) => JsonSerializer.Deserialize<JsonElement>(await RunAsync([.. line, "--json"]));

    private async Task<string> RunAsync(params string[] line)
    {
        var (code, output, error) = await TryAsync(line);
        Assert.True(code == 0, $"odl {string.Join(' ', line)}: {error}{output}");
        return output;
    }

    private async Task<(int Code, string Output, string Error)> TryAsync(params string[] line)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await OdlCommand.RunAsync(
            [.. line, "--url", node.Http.BaseAddress!.ToString(), "--token", node.Http.DefaultRequestHeaders.Authorization!.Parameter!], output, error);
        return (code, output.ToString(), error.ToString());
    }
}
