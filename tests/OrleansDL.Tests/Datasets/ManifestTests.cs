using FsCheck.Xunit;
using OrleansDL.Datasets;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Tests.Datasets;

public sealed class ManifestTests
{
    private readonly MemoryBlobs _blobs = new();

    private ManifestStore Manifests => _blobs.Manifests;

    [Fact]
    public async Task Equal_content_has_an_equal_digest_however_it_was_added()
    {
        var entries = Entries.Many(10_000);
        var atOnce = await Manifests.AddAsync(ManifestRoot.Empty, entries);
        var shuffled = entries.ToArray();
        new Random(7).Shuffle(shuffled);

        var root = ManifestRoot.Empty;
        foreach (var part in shuffled.Chunk(1_777))
        {
            root = (await Manifests.AddAsync(root, part)).Root;
        }

        Assert.Equal(atOnce.Root.Nodes, root.Nodes);
        Assert.Equal(10_000, root.Rows);
        Assert.InRange(atOnce.Root.Nodes.Count, 5, 20);
    }

    [Property(MaxTest = 30)]
    public async Task Any_split_of_the_same_entries_gives_the_same_digest(int[] marks, bool[] late)
    {
        var paths = marks.Select(mark => $"p{(uint)mark % 4000}").Distinct().Order().ToArray();
        var first = paths.Where((_, i) => late.Length == 0 || !late[i % late.Length]).Select(path => Entries.File(path));
        var second = paths.Where((_, i) => late.Length > 0 && late[i % late.Length]).Select(path => Entries.File(path));
        var begun = await Manifests.AddAsync(ManifestRoot.Empty, first);
        var inTwo = await Manifests.AddAsync(begun.Root, second);
        var atOnce = await Manifests.AddAsync(ManifestRoot.Empty, paths.Select(path => Entries.File(path)));
        Assert.Equal(atOnce.Digest, inTwo.Digest);
    }

    /// <summary>Each number is one edit of a path: the lowest bits say whether it is removed, put in place of another, or added.</summary>
    [Property(MaxTest = 60)]
    public async Task Any_sequence_of_edits_ends_where_building_anew_would(int[][] edits)
    {
        var there = Enumerable.Range(0, 3000).Select(i => Entries.File($"p{i * 2:d5}")).ToDictionary(entry => entry.Path, StringComparer.Ordinal);
        var root = (await Manifests.AddAsync(ManifestRoot.Empty, there.Values)).Root;
        foreach (var edit in edits)
        {
            var (added, removed) = (new Dictionary<string, DatasetEntry>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
            foreach (var number in edit)
            {
                // Runs of paths, so that whole nodes go and come.
                for (var i = 0; i < 1 + ((uint)number % 700); i++)
                {
                    var path = $"p{((uint)number / 8) + i:d5}";
                    if (there.ContainsKey(path) && number % 3 != 0)
                    {
                        removed.Add(path);
                    }

                    if (number % 3 != 1 && (!there.ContainsKey(path) || removed.Contains(path)))
                    {
                        added[path] = Entries.File(path, content: $"{number}", rows: (uint)number % 5);
                    }
                }
            }

            foreach (var path in removed)
            {
                there.Remove(path);
            }

            foreach (var entry in added.Values)
            {
                there[entry.Path] = entry;
            }

            root = (await Manifests.EditAsync(root, added.Values, removed)).Root;
        }

        var anew = await Manifests.AddAsync(ManifestRoot.Empty, there.Values);
        Assert.Equal(anew.Root.Nodes, root.Nodes);
    }

    [Fact]
    public async Task A_folder_is_removed_with_all_below_it_and_nothing_else()
    {
        var before = await Manifests.AddAsync(ManifestRoot.Empty, new[] { "a", "b-c", "b.csv", "b/1", "b/2/3", "b0", "c \"q\".csv" }.Select(path => Entries.File(path)));
        var after = await Manifests.EditAsync(before.Root, [], ["b/", "b/2/3", "c \"q\".csv"]);
        var anew = await Manifests.AddAsync(ManifestRoot.Empty, new[] { "a", "b-c", "b.csv", "b0" }.Select(path => Entries.File(path)));
        Assert.Equal(anew.Digest, after.Digest);
        Assert.Equal([("b/1", 3, 3), ("b/2/3", 4, 3), ("c \"q\".csv", 6, 4)], after.Changes.Select(change => (change.Old!.Path, (int)change.OldRow, (int)change.NewRow)));
        await Assert.ThrowsAsync<NotFoundException>(() => Manifests.EditAsync(after.Root, [], ["b/"]));
    }

    [Fact]
    public async Task A_hundred_changes_among_a_million_files_read_and_write_only_their_nodes()
    {
        var before = await Manifests.AddAsync(ManifestRoot.Empty, Entries.Many(1_000_000));
        _blobs.Forget();
        var changed = Enumerable.Range(0, 100).Select(i => Entries.File($"folder/{i * 9_973:d7}.bin", "changed")).ToList();
        var after = await Manifests.EditAsync(before.Root, changed, changed.Select(entry => entry.Path));
        Assert.Equal(100, after.Changes.Count);
        Assert.InRange(_blobs.Reads, 1, 110);
        Assert.InRange(_blobs.Writes, 1, 111);

        _blobs.Forget();
        Assert.Equal(100, await Manifests.DiffAsync(before.Root, after.Root).CountAsync());
        Assert.InRange(_blobs.Reads, 1, 220);
    }

    [Fact]
    public async Task One_file_more_in_a_big_manifest_rewrites_only_the_nodes_it_touches()
    {
        var before = await Manifests.AddAsync(ManifestRoot.Empty, Entries.Many(100_000));
        _blobs.Forget();
        var after = await Manifests.AddAsync(before.Root, [Entries.File("folder/0050000.extra")]);
        Assert.InRange(_blobs.Reads, 1, 4);
        Assert.InRange(_blobs.Writes, 2, 6);
        Assert.Equal(100_001, after.Root.Count);
        Assert.Equal(("folder/0050000.extra", 50_001L), after.Added.Select(found => (found.Entry.Path, found.FirstRow)).Single());

        _blobs.Forget();
        var differences = new List<ManifestDifference>();
        await foreach (var difference in Manifests.DiffAsync(before.Root, after.Root))
        {
            differences.Add(difference);
        }

        Assert.Equal("folder/0050000.extra", Assert.Single(differences).New!.Path);
        Assert.InRange(_blobs.Reads, 1, 8);
    }

    [Fact]
    public async Task A_diff_tells_added_removed_and_changed_files()
    {
        var old = await Manifests.AddAsync(ManifestRoot.Empty, [Entries.File("a"), Entries.File("b"), Entries.File("c")]);
        var now = await Manifests.AddAsync(ManifestRoot.Empty, [Entries.File("b"), Entries.File("c", "other"), Entries.File("d")]);
        var differences = new List<(string?, string?)>();
        await foreach (var (was, isNow) in Manifests.DiffAsync(old.Root, now.Root))
        {
            differences.Add((was?.Path, isNow?.Path));
        }

        Assert.Equal([("a", null), ("c", "c"), (null, "d")], differences);
    }

    [Fact]
    public async Task A_path_that_is_there_with_other_bytes_is_refused_and_with_the_same_bytes_changes_nothing()
    {
        var parent = await Manifests.AddAsync(ManifestRoot.Empty, [Entries.File("a"), Entries.File("b")]);
        Assert.Equal(parent.Digest, (await Manifests.AddAsync(parent.Root, [Entries.File("a")])).Digest);
        var fault = await Assert.ThrowsAsync<ConflictException>(() => Manifests.AddAsync(parent.Root, [Entries.File("a", "other")]));
        Assert.Contains("'a'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_node_is_named_and_never_read()
    {
        var parent = await Manifests.AddAsync(ManifestRoot.Empty, Entries.Many(10));
        _blobs.Damage(parent.Root.Nodes[0].Digest);
        var fault = await Assert.ThrowsAsync<InvalidDataException>(() => Manifests.FindAsync(parent.Root, "folder/0000003.bin"));
        Assert.Contains(parent.Root.Nodes[0].Digest.ToString(), fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Entries_are_read_in_order_from_any_path_on()
    {
        var entries = Entries.Many(3_000);
        var manifest = await Manifests.AddAsync(ManifestRoot.Empty, entries);
        var read = new List<DatasetEntry>();
        await foreach (var entry in Manifests.EntriesAsync(await Manifests.ReadRootAsync(manifest.Digest), after: entries[999].Path))
        {
            read.Add(entry);
        }

        Assert.Equal(entries[1000..], read);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData("a/./b")]
    [InlineData("a/../../b")]
    [InlineData("C:/x")]
    [InlineData("a\\b")]
    [InlineData("a\0b")]
    [InlineData("a/")]
    [InlineData("")]
    public void Paths_that_lead_elsewhere_are_refused(string path) => Assert.Throws<InvalidException>(() => EntryPath.Check(path));

    [Fact]
    public void Paths_are_ordered_by_their_utf8_bytes() =>
        Assert.Equal(["a", "a/b", "ab", "\u00e9", "\uffee", "\U0001f600"], new[] { "\U0001f600", "\uffee", "ab", "a/b", "\u00e9", "a" }.Order(EntryPath.Order));

    [Fact]
    public void Added_rows_split_the_parents_source_ranges_where_they_stand()
    {
        var first = Source("first", 0, 10);
        var ranges = SourceRanges.Insert([first], [(4, 3, Source("second", 0, 5)), (11, 2, Source("second", 0, 5))]);
        Assert.Equal(
            [("first", 0, 4), ("second", 4, 3), ("first", 7, 4), ("second", 11, 2), ("first", 13, 2)],
            ranges.Select(range => (range.Uri, range.FirstRow, range.Rows)));
        Assert.Equal([(0, 15)], SourceRanges.Insert([first], [(10, 5, first)]).Select(range => (range.FirstRow, range.Rows)));
    }

    [Fact]
    public void Removed_rows_leave_the_source_ranges_joined()
    {
        var parent = SourceRanges.Insert([Source("first", 0, 10)], [(4, 3, Source("second", 0, 3))]);
        var edited = SourceRanges.Edit(parent, [(4, 3, []), (9, 2, [Source("third", 0, 1)])]);
        Assert.Equal([("first", 0, 6), ("third", 6, 1), ("first", 7, 2)], edited.Select(range => (range.Uri, range.FirstRow, range.Rows)));
        Assert.Equal([("first", 5, 1), ("third", 6, 1), ("first", 7, 1)], SourceRanges.Slice(edited, 5, 3).Select(range => (range.Uri, range.FirstRow, range.Rows)));
    }

    private static DatasetSource Source(string uri, long firstRow, long rows) => new()
    {
        Uri = uri,
        Sha256 = Entries.File(uri).Blob,
        Bytes = 1,
        FirstRow = firstRow,
        Rows = rows,
        FetchedAt = DateTimeOffset.UnixEpoch,
    };
}
