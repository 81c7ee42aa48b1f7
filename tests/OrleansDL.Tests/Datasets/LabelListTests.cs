using System.Net;
using System.Text.Json;
using OrleansDL.Datasets;

namespace OrleansDL.Tests.Datasets;

/// <summary>Columns whose values are lists of labels with ';' between.</summary>
public sealed class LabelListTests(DatasetNode node) : IClassFixture<DatasetNode>
{
    private const string Root = DatasetNode.Root;
    private const string News = "text,topics\nrain,weather; local\nvotes,politics;local\nboth,politics;weather;politics\nnone,\n";

    [Fact]
    public async Task Labels_are_counted_one_by_one_listed_and_selected()
    {
        await node.CreateAsync("news", "text");
        var version = await node.CommitAsync("news", "path=a.csv&types=topics=labels&tags=a", News);
        Assert.Equal(";", version.GetProperty("schema")[1].GetProperty("separator").GetString());
        var topics = (await node.GetAsync($"{Root}/news/versions/latest/statistics")).GetProperty("items")[1];
        Assert.Equal(("""{"local":2,"politics":2,"weather":2}""", 3, 1), (Sorted(topics.GetProperty("values")), topics.GetProperty("count").GetInt32(), topics.GetProperty("nulls").GetInt32()));
        Assert.Equal(["local", "politics", "weather"], await LabelsAsync("news", "latest"));

        // Later files are read in the same way, whether they say so or not, and labels keep their numbers.
        await node.CommitAsync("news", "path=b.jsonl&tags=b", "{\"text\":\"goal\",\"topics\":[\"arts\",\"sports\"]}\n{\"text\":\"play\",\"topics\":\"arts;local\"}\n");
        Assert.Equal(["local", "politics", "weather", "arts", "sports"], await LabelsAsync("news", "latest"));
        Assert.Equal("arts;sports", (await node.GetAsync($"{Root}/news/versions/latest/rows/4")).GetProperty("topics").GetString());
        var statistics = (await node.GetAsync($"{Root}/news/versions/latest/statistics")).GetProperty("items")[1];
        Assert.Equal((3, 2), (statistics.GetProperty("values").GetProperty("local").GetInt32(), statistics.GetProperty("values").GetProperty("arts").GetInt32()));

        var included = await SelectAsync(new { labels = new { include = new[] { "weather", "sports" } } });
        Assert.Equal((3, """{"arts":1,"local":1,"politics":1,"sports":1,"weather":2}"""), (included.GetProperty("rows").GetInt32(), Counts(included)));
        var excluded = await SelectAsync(new { labels = new { exclude = new[] { "local" } } });
        Assert.Equal(3, excluded.GetProperty("rows").GetInt32());
        var sampled = await SelectAsync(new { sample = new { rows = 100, seed = 3 } });
        Assert.Equal("""{"arts":2,"local":3,"politics":2,"sports":1,"weather":2}""", Counts(sampled));
    }

    [Fact]
    public async Task Lists_come_back_from_every_format_that_can_say_what_they_are()
    {
        await node.CreateAsync("lists", "text");
        await node.CommitAsync("lists", "path=a.csv&types=topics=labels", News);
        foreach (var format in new[] { "parquet", "arrow", "jsonl", "csv" })
        {
            var bytes = await node.Http.GetByteArrayAsync($"{Root}/lists/versions/latest/export?format={format}");
            await node.CreateAsync($"back-{format}", "text");
            var says = format is "parquet" or "arrow" ? "" : "&types=topics=labels";
            var back = await node.CommitAsync($"back-{format}", $"path=x.{format}{says}", bytes);
            Assert.Equal(";", back.GetProperty("schema")[1].GetProperty("separator").GetString());
            Assert.Equal(["local", "politics", "weather"], await LabelsAsync($"back-{format}", "latest"));
            Assert.Equal("weather; local", (await node.GetAsync($"{Root}/back-{format}/versions/latest/rows/0")).GetProperty("topics").GetString());
        }

        var croissant = JsonSerializer.Deserialize<JsonElement>(await node.Http.GetStringAsync($"{Root}/lists/versions/latest/export?format=croissant"));
        var field = croissant.GetProperty("recordSet")[0].GetProperty("field")[1];
        Assert.Equal((";", true), (field.GetProperty("source").GetProperty("transform").GetProperty("separator").GetString(), field.GetProperty("isArray").GetBoolean()));
    }

    [Fact]
    public async Task The_same_bytes_are_counted_as_texts_in_one_dataset_and_as_lists_in_another()
    {
        await node.CreateAsync("as-text", "text");
        await node.CommitAsync("as-text", "path=a.csv", News);
        await node.CreateAsync("as-list", "text");
        await node.CommitAsync("as-list", "path=a.csv&types=topics=labels", News);
        foreach (var (name, values) in new[] { ("as-text", 3), ("as-list", 3) })
        {
            await node.CommitAsync(name, "path=b.csv&remove=b.csv", "text,topics\nx,local\n");
            var topics = (await node.GetAsync($"{Root}/{name}/versions/latest/statistics")).GetProperty("items")[1].GetProperty("values");
            Assert.Equal(name == "as-list" ? 3 : 1, topics.GetProperty("local").GetInt32());
            Assert.Equal(name == "as-list" ? values : 4, topics.EnumerateObject().Count());
        }
    }

    [Fact]
    public async Task A_column_of_texts_does_not_become_one_of_lists_and_a_list_of_numbers_is_refused()
    {
        await node.CreateAsync("held", "text");
        await node.CommitAsync("held", "path=a.csv", News);
        var problem = await node.CommitAsync("held", "path=b.csv&types=topics=labels", News, HttpStatusCode.BadRequest);
        Assert.Contains("column 'topics' is labels with ';' between and was string", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await node.CreateAsync("numbers", "text");
        problem = await node.CommitAsync("numbers", "path=b.jsonl&types=topics=labels", "{\"topics\":[1,2]}\n", HttpStatusCode.BadRequest);
        Assert.Contains("Put labels in quotes", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Types_are_said_of_a_push()
    {
        var folder = Directory.CreateTempSubdirectory("odl-typed-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "a.csv"), "zip,topics\n01234,x;y\n");
            await File.WriteAllTextAsync(Path.Combine(folder, "b.csv"), "zip,topics\n00001,y\n");
            await node.CreateAsync("pushed", "table");
            var result = await node.Client().Datasets.PushAsync("pushed", folder, new PushOptions { Types = "zip=string,topics=labels" });
            Assert.Equal([ColumnType.String, ColumnType.String], result.Version!.Schema.Select(column => column.Type));
            Assert.Equal(["x", "y"], await LabelsAsync("pushed", "latest"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<IEnumerable<string?>> LabelsAsync(string dataset, string version) =>
        (await node.GetAsync($"{Root}/{dataset}/versions/{version}/labels")).GetProperty("labels").EnumerateArray().Select(label => label.GetString()).ToList();

    private Task<JsonElement> SelectAsync(object query) =>
        node.SendAsync(HttpMethod.Post, $"{Root}/news/selections?dryRun=true", HttpStatusCode.OK, DatasetNode.Json(query));

    private static string Sorted(JsonElement counts) =>
        $"{{{string.Join(',', counts.EnumerateObject().OrderBy(pair => pair.Name, StringComparer.Ordinal).Select(pair => $"\"{pair.Name}\":{pair.Value}"))}}}";

    private static string Counts(JsonElement selection) =>
        $"{{{string.Join(',', selection.GetProperty("labels").EnumerateArray().OrderBy(label => label.GetProperty("label").GetString(), StringComparer.Ordinal).Select(label => $"\"{label.GetProperty("label").GetString()}\":{label.GetProperty("rows")}"))}}}";
}
