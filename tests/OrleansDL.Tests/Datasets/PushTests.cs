using System.Text;
using OrleansDL.Datasets;

namespace OrleansDL.Tests.Datasets;

public sealed class PushTests(DatasetNode node) : IClassFixture<DatasetNode>
{
    [Fact]
    public async Task A_folder_is_pushed_and_later_only_what_changed_is_sent()
    {
        using var client = node.Client();
        using var folder = new PushFolder();
        await client.Datasets.CreateAsync(new DatasetSpec { Name = "folder", Kind = DatasetKind.Files });
        var large = folder.Write("large/one.bin", 9 << 20, 1);
        for (var i = 0; i < 300; i++)
        {
            folder.Write($"small/{i % 7}/{i}.txt", 100 + i, i);
        }

        folder.Write("empty", []);
        var first = await client.Datasets.PushAsync("folder", folder.Path);
        Assert.Equal((302, 302, 302L), (first.Files, first.Changed, first.Version!.Files));
        Assert.Equal(first.Bytes, first.SentBytes);
        Assert.Equal(large, await ReadAsync(client, "folder", "large/one.bin"));

        var again = await client.Datasets.PushAsync("folder", folder.Path);
        Assert.Equal((0, 0L, first.Version.Commit), (again.Changed, again.SentBytes, again.Version!.Commit));

        folder.Write("small/0/0.txt", 77, 1000);
        folder.Delete("small/1/1.txt");
        folder.Write("moved.bin", large);
        folder.Delete("large/one.bin");
        var dry = await client.Datasets.PushAsync("folder", folder.Path, new PushOptions { DryRun = true, Delete = true });
        Assert.Equal((2, 2, 77L), (dry.Changed, dry.Removed, dry.SentBytes));
        Assert.Null(dry.Version);

        var changed = await client.Datasets.PushAsync("folder", folder.Path, new PushOptions { Delete = true, Tags = ["second"] });
        Assert.Equal((2, 2, 77L, 301L), (changed.Changed, changed.Removed, changed.SentBytes, changed.Version!.Files));
        Assert.Equal(large, await ReadAsync(client, "folder", "moved.bin"));
        Assert.Equal(2, (await client.Datasets.GetVersionAsync("folder", "second")).Version);
    }

    [Fact]
    public async Task A_folder_below_a_path_removes_only_what_lies_there()
    {
        using var client = node.Client();
        using var folder = new PushFolder();
        await client.Datasets.CreateAsync(new DatasetSpec { Name = "below", Kind = DatasetKind.Files });
        folder.Write("a", 10, 1);
        folder.Write("b", 10, 2);
        foreach (var path in (string[])["x", "x-1", "y"])
        {
            await client.Datasets.PushAsync("below", folder.Path, new PushOptions { Path = path });
        }

        folder.Delete("a");
        var pushed = await client.Datasets.PushAsync("below", folder.Path, new PushOptions { Path = "x", Delete = true });
        Assert.Equal((0, 1), (pushed.Changed, pushed.Removed));
        var paths = new List<string>();
        await foreach (var file in client.Datasets.ListFilesAsync("below"))
        {
            paths.Add(file.Path);
        }

        Assert.Equal(["x-1/a", "x-1/b", "x/b", "y/a", "y/b"], paths);
    }

    [Fact]
    public async Task Tables_and_images_are_read_when_they_are_pushed()
    {
        using var client = node.Client();
        using var tables = new PushFolder();
        await client.Datasets.CreateAsync(new DatasetSpec { Name = "tables", Kind = DatasetKind.Table });
        tables.Write("a.csv", Encoding.UTF8.GetBytes("x,y\n1,a\n2,b\n"));
        tables.Write("b.csv", Encoding.UTF8.GetBytes("x,y\n3,c\n"));
        var table = (await client.Datasets.PushAsync("tables", tables.Path)).Version!;
        Assert.Equal(3, table.Rows);
        Assert.Equal(["x", "y"], table.Schema.Select(column => column.Name));
        tables.Write("b.csv", Encoding.UTF8.GetBytes("x,y\n3,c\n4,d\n"));
        var replaced = (await client.Datasets.PushAsync("tables", tables.Path)).Version!;
        Assert.Equal((4L, 2L), (replaced.Rows, replaced.Files));

        using var images = new PushFolder();
        await client.Datasets.CreateAsync(new DatasetSpec { Name = "images", Kind = DatasetKind.Image });
        images.Write("cat/1.png", Pictures.Png(4));
        images.Write("dog/1.png", Pictures.Png(5));
        var pictures = (await client.Datasets.PushAsync("images", images.Path)).Version!;
        Assert.Equal(2, pictures.Rows);
        var labels = (await client.Datasets.GetStatisticsAsync("images")).Single(column => column.Name == "label").Values!;
        Assert.Equal(["cat", "dog"], labels.Keys.Order());
    }

    [Fact]
    public async Task Two_pushes_into_one_branch_at_once_both_arrive()
    {
        using var client = node.Client();
        using var one = new PushFolder();
        using var two = new PushFolder();
        await client.Datasets.CreateAsync(new DatasetSpec { Name = "both", Kind = DatasetKind.Files });
        for (var i = 0; i < 50; i++)
        {
            one.Write($"one/{i}", 1000, i);
            two.Write($"two/{i}", 1000, 100 + i);
        }

        await Task.WhenAll(client.Datasets.PushAsync("both", one.Path), client.Datasets.PushAsync("both", two.Path));
        Assert.Equal(100, (await client.Datasets.GetVersionAsync("both")).Files);
    }

    private static async Task<byte[]> ReadAsync(OdlClient client, string dataset, string path)
    {
        await using var content = await client.Datasets.DownloadAsync(dataset, path: path);
        using var bytes = new MemoryStream();
        await content.CopyToAsync(bytes);
        return bytes.ToArray();
    }
}
