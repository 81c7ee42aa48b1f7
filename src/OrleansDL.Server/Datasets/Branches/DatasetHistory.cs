using System.Globalization;
using OrleansDL.Database;

namespace OrleansDL.Datasets.Branches;

/// <summary>Walks from versions to what they were made from. A version's number is higher than its parents', so numbers give the order.</summary>
internal sealed class DatasetHistory(BranchTable branches, DatasetTable table)
{
    /// <summary>A version and its ancestors, newest first.</summary>
    public async Task<Page<DatasetVersion>> LogAsync(DatasetVersion from, PageRequest page)
    {
        var size = page.CheckedSize();
        var start = PageTokens.Decode(page.Token) is [var token] ? token.Split(',').Select(Number) : [from.Version];
        var front = new SortedSet<long>(start);
        var numbers = new List<long>(size);
        var parents = new Parents(branches, from.Dataset);
        while (front.Count > 0 && numbers.Count < size)
        {
            var newest = front.Max;
            front.Remove(newest);
            numbers.Add(newest);
            front.UnionWith(await parents.OfAsync(newest));
        }

        // What is still to be walked is the token: one number in a straight line, a few after merges.
        var next = front.Count == 0 ? null : PageTokens.Encode(string.Join(',', front.Select(number => number.ToString(CultureInfo.InvariantCulture))));
        return new Page<DatasetVersion> { Items = (await table.FindVersionsAsync(from.Dataset, numbers)).ToArray(), NextPageToken = next };
    }

    /// <summary>The newest version that both were made from (or one of the two), or null.</summary>
    public async Task<long?> MergeBaseAsync(Guid dataset, long first, long second)
    {
        // Which of the two a version was reached from: 1, 2, or both.
        var reached = new Dictionary<long, int> { [first] = 1 };
        reached[second] = reached.GetValueOrDefault(second) | 2;
        var front = new SortedSet<long>(reached.Keys);
        var parents = new Parents(branches, dataset);
        while (front.Count > 0)
        {
            var newest = front.Max;
            front.Remove(newest);
            reached.Remove(newest, out var from);
            if (from == 3)
            {
                return newest;
            }

            foreach (var parent in await parents.OfAsync(newest))
            {
                reached[parent] = reached.GetValueOrDefault(parent) | from;
                front.Add(parent);
            }
        }

        return null;
    }

    private static long Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new InvalidException("The page token is not one that this list gave out. Leave it out to begin at the first page.");

    private sealed class Parents(BranchTable branches, Guid dataset)
    {
        private ILookup<long, long>? _known;
        private long _reach;

        public async ValueTask<IEnumerable<long>> OfAsync(long version)
        {
            if (_known is null || version <= _reach)
            {
                (_known, _reach) = (await branches.ParentsAsync(dataset, version), BranchTable.ReachOf(version));
            }

            return _known[version];
        }
    }
}
