using System.Globalization;
using System.Net;
using System.Text;
using Apache.Arrow;
using Dapper;
using OrleansDL.Blobs;
using OrleansDL.Database;
using OrleansDL.Datasets;
using OrleansDL.Datasets.Formats;

namespace OrleansDL.Tests.Datasets;

public sealed class DatasetReaderTests(DatasetNode node) : IClassFixture<DatasetNode>
{
    [Fact]
    public async Task Rows_of_long_tables_are_read_from_any_row_on_without_what_lies_before()
    {
        var csv = new StringBuilder("id,text,score\n");
        for (var i = 0; i < 60_000; i++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{i},\"line \"\"{i}\"\",\nmore\",{(i % 3 == 0 ? "" : "0.5")}\n").Append(i % 1000 == 0 ? "\n" : "");
        }

        await node.CreateAsync("long", "table");
        await node.CommitAsync("long", "path=a.csv", csv.ToString());
        await node.CommitAsync("long", "path=b.jsonl&format=jsonl", string.Concat(Enumerable.Range(60_000, 40_000).Select(i => $"{{\"text\":\"t\\u0041\",\"id\":{i}}}\n\n")));
        var version = await VersionAsync("long@latest");

        foreach (var first in new[] { 0, 1, 4095, 40_000, 59_999, 60_000, 90_123, 99_999 })
        {
            var batches = await ListAsync(version, first, 3);
            var ids = batches.SelectMany(batch => ((Int64Array)batch.Column("id")).Values.ToArray()).ToList();
            Assert.Equal(Enumerable.Range(first, Math.Min(3, 100_000 - first)).Select(i => (long)i), ids);
        }

        var row = (await ListAsync(version, 40_000, 1)).Single();
        Assert.Equal(("line \"40000\",\nmore", 0.5), (((StringArray)row.Column("text")).GetString(0), ((DoubleArray)row.Column("score")).GetValue(0)));
        var last = (await ListAsync(version, 99_999, 1)).Single();
        Assert.Equal(("tA", true), (((StringArray)last.Column("text")).GetString(0), last.Column("score").IsNull(0)));

        var all = await ListAsync(version, 0, null);
        Assert.All(all, batch => Assert.InRange(batch.Length, 1, 4096));
        Assert.Equal(Enumerable.Range(0, 100_000).Select(i => (long)i), all.SelectMany(batch => ((Int64Array)batch.Column("id")).Values.ToArray()));
    }

    [Fact]
    public async Task An_index_that_is_lost_is_made_again_as_it_was()
    {
        await node.CreateAsync("lost", "table");
        await node.CommitAsync("lost", "path=a.csv", "a,b\n" + string.Concat(Enumerable.Range(0, 100_000).Select(i => $"{i},\"x\ny\"\n")));
        var version = await VersionAsync("lost@latest");
        var entry = await node.Service<DatasetReader>().EntriesAsync(version, 0).Select(e => e.Entry).FirstAsync();
        var indexes = node.Service<RowIndexes>();
        var made = await indexes.FindAsync(entry.Blob, "csv", header: true);
        Assert.InRange(made!.Points.Count, 3, 10);

        await using (var connection = await node.Service<Db>().OpenAsync())
        {
            await connection.ExecuteAsync("DELETE FROM row_index");
        }

        Assert.Null(await indexes.FindAsync(entry.Blob, "csv", header: true));
        Assert.Equal(77_777, ((Int64Array)(await ListAsync(version, 77_777, 1)).Single().Column("a")).GetValue(0));
        Assert.Equal(made.Points, (await indexes.FindAsync(entry.Blob, "csv", header: true))!.Points);
    }

    [Fact]
    public async Task An_index_goes_away_with_its_blob()
    {
        await node.CreateAsync("forgotten", "table");
        await node.CommitAsync("forgotten", "path=a.csv", "a,b\n" + string.Concat(Enumerable.Range(0, 100_000).Select(i => $"{i},\"z\ny\"\n")));
        var entry = await node.Service<DatasetReader>().EntriesAsync(await VersionAsync("forgotten@latest"), 0).Select(e => e.Entry).FirstAsync();
        var indexes = node.Service<RowIndexes>();
        Assert.NotNull(await indexes.FindAsync(entry.Blob, "csv", header: true));

        await node.SendAsync(HttpMethod.Post, $"{DatasetNode.Root}/forgotten/purge", HttpStatusCode.OK, DatasetNode.Json(new { path = "a.csv", reason = "asked", force = true }));
        Assert.False(await node.Service<BlobStore>().ExistsAsync(entry.Blob));
        Assert.Null(await indexes.FindAsync(entry.Blob, "csv", header: true));

        // Nor is one made again for bytes that are gone.
        await indexes.WriteAsync(entry.Blob, "csv", header: true, new RowIndex([new RowPoint(1, 1)]));
        Assert.Null(await indexes.FindAsync(entry.Blob, "csv", header: true));
    }

    [Fact]
    public async Task Columns_are_chosen_in_any_order_and_unknown_ones_refused()
    {
        await node.CreateAsync("chosen", "table");
        await node.CommitAsync("chosen", "path=a.csv", "a,b,c\n1,x,true\n,,\n");
        var version = await VersionAsync("chosen@latest");
        var batch = Assert.Single(await ListAsync(version, 0, null, ["c", "a"]));
        Assert.Equal(["c", "a"], batch.Schema.FieldsList.Select(field => field.Name));
        Assert.True(((BooleanArray)batch.Column(0)).GetValue(0));
        Assert.True(batch.Column(0).IsNull(1) && batch.Column(1).IsNull(1));
        Assert.Contains("no column 'd'; it has a, b, c", (await Assert.ThrowsAsync<InvalidException>(() => ListAsync(version, 0, null, ["d"]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Images_and_files_are_rows_with_their_bytes()
    {
        await node.CreateAsync("read-pets", "image");
        await node.CommitAsync("read-pets", "format=tar", Pictures.Tar(("pets/cat/1.png", Pictures.Png(1)), ("pets/dog/1.png", Pictures.Png(2))));
        var pets = Assert.Single(await ListAsync(await VersionAsync("read-pets@latest"), 0, null));
        Assert.Equal(Pictures.Png(2), ((BinaryArray)pets.Column("image")).GetBytes(1).ToArray());
        Assert.Equal("cat", ((StringArray)pets.Column("label")).GetString(0));
        Assert.Equal("image", pets.Schema.GetFieldByName("image").Metadata["odl.type"]);

        await node.CreateAsync("read-files", "files");
        await node.CommitAsync("read-files", "format=file&path=x/y.bin", [0, 1, 2]);
        var files = Assert.Single(await ListAsync(await VersionAsync("read-files@latest"), 0, null));
        Assert.Equal(("x/y.bin", 3), (((StringArray)files.Column("path")).GetString(0), ((BinaryArray)files.Column("content")).GetBytes(0).Length));
        var facts = Assert.Single(await ListAsync(await VersionAsync("read-files@latest"), 0, null, ["bytes", "blob"]));
        Assert.Equal(3, ((Int64Array)facts.Column("bytes")).GetValue(0));
    }

    private Task<DatasetVersion> VersionAsync(string reference) => node.Service<IGrainFactory>().GetGrain<IDatasetsGrain>("default").ResolveAsync(reference);

    private async Task<List<RecordBatch>> ListAsync(DatasetVersion version, long first, long? rows, IReadOnlyList<string>? columns = null)
    {
        var batches = new List<RecordBatch>();
        await foreach (var batch in node.Service<DatasetReader>().ReadAsync(version, first, rows, columns))
        {
            batches.Add(batch);
        }

        return batches;
    }
}
