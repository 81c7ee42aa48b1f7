using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using OrleansDL.Tests.Harness;
using Xunit.Abstractions;

namespace OrleansDL.Tests;

/// <summary>Long tables come in, are looked into and go out while the server's memory stays small.</summary>
[Collection(ProductCollection.Name)]
public sealed class LargeTableTests(ITestOutputHelper output)
{
    private const long MaximumMemory = 600L << 20;

    [Theory]
    [InlineData("csv", 1_000_000)]
    public Task A_million_rows_come_in_within_the_memory_allowed(string format, int rows) => ComeInAsync(format, rows);

    [Theory]
    [Trait("Category", "Slow")]
    [InlineData("csv", 10_000_000)]
    [InlineData("jsonl", 10_000_000)]
    public Task Ten_million_rows_come_in_within_the_memory_allowed(string format, int rows) => ComeInAsync(format, rows);

    private async Task ComeInAsync(string format, int rows)
    {
        using var folder = new TempFolder();
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = folder.Path });
        using var api = node.Api();
        api.Http.Timeout = TimeSpan.FromMinutes(10);
        await api.PostAsync($"{Scenario.Project}/datasets", new { name = "long", kind = "table" });

        var watch = Stopwatch.StartNew();
        using var body = new RowsContent(format, rows);
        var version = await api.SendAsync(HttpMethod.Post, $"{Scenario.Project}/datasets/long/commits?path=long.{format}", body);
        Assert.Equal(rows, version.GetProperty("rows").GetInt64());
        Report("in", format, rows, watch.Elapsed, node);

        // The last row and a row in the middle, without reading what lies before.
        watch.Restart();
        Assert.Equal(rows - 1, (await api.GetAsync($"{Scenario.Project}/datasets/long/versions/latest/rows/{rows - 1}")).GetProperty("id").GetInt64());
        Assert.Equal(rows / 2, (await api.GetAsync($"{Scenario.Project}/datasets/long/versions/latest/rows/{rows / 2}")).GetProperty("id").GetInt64());
        output.WriteLine($"two rows by number: {watch.ElapsedMilliseconds} ms");

        foreach (var wanted in new[] { "parquet", "arrow" })
        {
            watch.Restart();
            using var answer = await api.Http.GetAsync(new Uri($"{Scenario.Project}/datasets/long/versions/latest/export?format={wanted}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            await using (var file = File.Create(folder[wanted]))
            {
                await answer.Content.CopyToAsync(file);
            }

            Report("out", wanted, rows, watch.Elapsed, node);
            watch.Restart();
            await api.PostAsync($"{Scenario.Project}/datasets", new { name = wanted, kind = "table" });
            await using var again = File.OpenRead(folder[wanted]);
            using var content = new StreamContent(again);
            var back = await api.SendAsync(HttpMethod.Post, $"{Scenario.Project}/datasets/{wanted}/commits?path=long.{wanted}", content);
            Assert.Equal(rows, back.GetProperty("rows").GetInt64());
            Assert.Equal(version.GetProperty("schema").GetRawText(), back.GetProperty("schema").GetRawText());
            Report("in", wanted, rows, watch.Elapsed, node);
        }

        Assert.InRange(Memory(node), 1, MaximumMemory);
    }

    private void Report(string way, string format, int rows, TimeSpan time, OdlProcess node) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{format} {way}: {rows / time.TotalSeconds:n0} rows/s, memory at most {Memory(node) >> 20} MiB so far"));

    /// <summary>The most memory the node ever had.</summary>
    private static long Memory(OdlProcess node) => 1024 * long.Parse(
        File.ReadLines($"/proc/{node.Pid}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))[6..].Trim().Split(' ')[0], CultureInfo.InvariantCulture);

    private sealed class RowsContent(string format, int rows) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var block = new byte[1 << 20];
            var used = 0;
            if (format == "csv")
            {
                "id,label,score,note\n"u8.CopyTo(block);
                used = 20;
            }

            for (var i = 0; i < rows; i++)
            {
                if (used > block.Length - 256)
                {
                    await stream.WriteAsync(block.AsMemory(0, used));
                    used = 0;
                }

                used += Write(block.AsSpan(used), i);
            }

            await stream.WriteAsync(block.AsMemory(0, used));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        private int Write(Span<byte> into, int i)
        {
            var at = 0;
            Text(into, ref at, format == "csv" ? ""u8 : "{\"id\":"u8);
            Number(into, ref at, i);
            Text(into, ref at, format == "csv" ? ",label-"u8 : ",\"label\":\"label-"u8);
            Number(into, ref at, i % 10);
            Text(into, ref at, format == "csv" ? ","u8 : "\",\"score\":"u8);
            Number(into, ref at, i % 1000);
            Text(into, ref at, format == "csv" ? ".25,some text of row "u8 : ".25,\"note\":\"some text of row "u8);
            Number(into, ref at, i * 7919L % 1_000_003);
            Text(into, ref at, format == "csv" ? "\n"u8 : "\"}\n"u8);
            return at;
        }

        private static void Text(Span<byte> into, ref int at, ReadOnlySpan<byte> text)
        {
            text.CopyTo(into[at..]);
            at += text.Length;
        }

        private static void Number(Span<byte> into, ref int at, long number)
        {
            Utf8Formatter.TryFormat(number, into[at..], out var written);
            at += written;
        }
    }
}
