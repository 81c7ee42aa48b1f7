using System.Net;
using System.Text.Json;
using OrleansDL.Datasets;
using OrleansDL.Datasets.Ingest;
using SkiaSharp;

namespace OrleansDL.Tests.Datasets;

/// <summary>What is known of images and tensors: sizes, channels, repeats.</summary>
public sealed class ImageFactsTests(DatasetNode node) : IClassFixture<DatasetNode>
{
    private const string Root = DatasetNode.Root;

    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void An_image_is_measured_whatever_its_format_and_size(SKEncodedImageFormat format)
    {
        foreach (var (width, height) in new[] { (8, 5), (1600, 900) })
        {
            var facts = ImageCheck.Look(Picture(width, height, new SKColor(204, 102, 0), format), "x", new IngestLimits());
            Assert.Equal((width, height), (facts.Width, facts.Height));
            Assert.InRange(facts.Red!.Value, 790, 810);
            Assert.InRange(facts.Green!.Value, 390, 410);
            Assert.InRange(facts.Blue!.Value, 0, 12);
        }
    }

    [Fact]
    public void Pixels_of_very_large_pictures_are_not_looked_at_and_of_broken_ones_only_the_size_is_known()
    {
        var large = ImageCheck.Look(Picture(5000, 4000, SKColors.Red, SKEncodedImageFormat.Png), "x", new IngestLimits());
        Assert.Equal(new ImageFacts { Width = 5000, Height = 4000 }, large);
        var whole = Picture(300, 200, SKColors.Red, SKEncodedImageFormat.Png);
        Assert.Equal(new ImageFacts { Width = 300, Height = 200 }, ImageCheck.Look(whole.AsSpan(0, whole.Length / 2), "x", new IngestLimits()));
    }

    [Fact]
    public async Task Sizes_and_channels_are_in_the_statistics_and_follow_what_is_added_and_removed()
    {
        await node.CreateAsync("photos", "image");
        await node.CommitAsync("photos", "format=tar", Pictures.Tar([.. Enumerable.Range(0, 20).Select(i => ($"cat/{i}.png", Picture(40, 20, Grey(50 + i))))]));
        var image = await ImageAsync("photos");
        Assert.Equal((40, 20), (Width(image), image.GetProperty("image").GetProperty("height").GetProperty("mean").GetDouble()));
        var channels = image.GetProperty("channels");
        Assert.Equal((3, 20), (channels.GetArrayLength(), channels[0].GetProperty("count").GetInt32()));
        Assert.Equal(59.5 / 255, channels[1].GetProperty("mean").GetDouble(), 3);
        var file = (await node.GetAsync($"{Root}/photos/versions/latest/files")).GetProperty("items")[0].GetProperty("image");
        Assert.Equal((40, 20, 196), (file.GetProperty("width").GetInt32(), file.GetProperty("height").GetInt32(), file.GetProperty("red").GetInt32()));

        // Larger and brighter ones are odd beside those.
        var odd = await node.CommitAsync("photos", "format=tar", Pictures.Tar([.. Enumerable.Range(0, 20).Select(i => ($"dog/{i}.png", Picture(80, 80, Grey(200 + i))))]));
        var found = odd.GetProperty("validation").GetProperty("anomalies").EnumerateArray().Select(anomaly => anomaly.GetProperty("kind").GetString()).ToList();
        Assert.Equal(2, found.Count(kind => kind == "imageSize"));
        Assert.Equal(3, found.Count(kind => kind == "imageChannels"));
        Assert.Equal(60, Width(await ImageAsync("photos")));

        // What goes is taken out exactly, and repeats are still known of the rest.
        await node.CommitAsync("photos", "format=tar&remove=cat/", Pictures.Tar(("dog/again.png", Picture(80, 80, Grey(200)))));
        image = await ImageAsync("photos");
        Assert.Equal((80, 21), (Width(image), image.GetProperty("channels")[0].GetProperty("count").GetInt32()));
        var last = await node.GetAsync($"{Root}/photos/versions/latest");
        Assert.Contains(last.GetProperty("validation").GetProperty("anomalies").EnumerateArray(), anomaly => anomaly.GetProperty("kind").GetString() == "duplicateRows");
    }

    [Fact]
    public async Task Images_in_tables_and_tensors_have_statistics_and_repeated_rows_are_found_across_splits()
    {
        await node.CreateAsync("web", "table");
        await node.CommitAsync("web", "path=web.tar", Pictures.Tar([.. Enumerable.Range(0, 12).SelectMany(i => new[] { ($"{i:d2}.png", Picture(10 + i, 7, Grey(100))), ($"{i:d2}.cls", "1"u8.ToArray()) })]));
        var image = await ImageAsync("web");
        Assert.Equal(15.5, Width(image));
        Assert.Equal(0.392, image.GetProperty("channels")[2].GetProperty("mean").GetDouble(), 3);

        await node.CreateAsync("tensors", "table");
        var numbers = Enumerable.Range(0, 6 * 3 * 2 * 2).Select(i => (byte)(i % 12 / 4 * 100)).ToArray();
        await node.CommitAsync("tensors", "path=t.npy", Npy("|u1", "6, 3, 2, 2", numbers));
        var channels = (await node.GetAsync($"{Root}/tensors/versions/latest/statistics")).GetProperty("items")[0].GetProperty("channels");
        Assert.Equal([0, 100, 200], channels.EnumerateArray().Select(channel => channel.GetProperty("mean").GetDouble()));
        Assert.Equal((24, 0.0), (channels[0].GetProperty("count").GetInt32(), channels[0].GetProperty("m2").GetDouble()));

        // All six are the same, and so is the one of another split.
        var client = node.Client();
        var folder = Directory.CreateTempSubdirectory("odl-split-").FullName;
        try
        {
            var test = Path.Combine(folder, "test.npy");
            await File.WriteAllBytesAsync(test, Npy("|u1", "1, 3, 2, 2", numbers[..12]));
            var train = Path.Combine(folder, "train.npy");
            await File.WriteAllBytesAsync(train, Npy("|u1", "2, 3, 2, 2", [.. numbers[..12], .. new byte[12]]));
            await node.CreateAsync("splits", "table");
            await client.Datasets.PushAsync("splits", train, new PushOptions { Split = "train" });
            var pushed = await client.Datasets.PushAsync("splits", test, new PushOptions { Split = "test" });
            var kinds = pushed.Version!.Validation!.Anomalies.Select(anomaly => anomaly.Kind).ToList();
            Assert.Contains(AnomalyKind.DuplicateRows, kinds);
            Assert.Contains(AnomalyKind.DuplicateRowsAcrossSplits, kinds);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_tar_that_holds_something_else_than_an_image_is_refused_by_its_name()
    {
        await node.CreateAsync("mixed", "image");
        var problem = await node.CommitAsync(
            "mixed", "format=tar", Pictures.Tar(("a/1.png", Pictures.Png(1)), ("a/2.png", "no image"u8.ToArray()), ("a/3.png", Pictures.Png(3))), HttpStatusCode.BadRequest);
        Assert.StartsWith("'a/2.png' is no image", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private async Task<JsonElement> ImageAsync(string dataset) => (await node.GetAsync($"{Root}/{dataset}/versions/latest/statistics")).GetProperty("items")
        .EnumerateArray().Single(column => column.GetProperty("type").GetString() == "image");

    private static double Width(JsonElement column) => column.GetProperty("image").GetProperty("width").GetProperty("mean").GetDouble();

    private static SKColor Grey(int shade) => new((byte)shade, (byte)shade, (byte)shade);

    private static byte[] Picture(int width, int height, SKColor color, SKEncodedImageFormat format = SKEncodedImageFormat.Png)
    {
        using var bitmap = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        bitmap.Erase(color);
        using var data = bitmap.Encode(format, 95);
        return data.ToArray();
    }

    private static byte[] Npy(string type, string shape, byte[] data)
    {
        var header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({shape}), }}".PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)(header.Length & 0xFF), (byte)(header.Length >> 8), .. System.Text.Encoding.ASCII.GetBytes(header), .. data];
    }
}
