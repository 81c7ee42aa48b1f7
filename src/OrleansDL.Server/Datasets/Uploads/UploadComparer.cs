using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Uploads;

/// <summary>Tells a client which of its files are new to a branch, and which bytes it has to send.</summary>
internal sealed class UploadComparer(DatasetCommits commits, DatasetBlobs datasets, ProjectBlobs projects)
{
    /// <exception cref="InvalidException">The files are not in order, out of the range, or too many.</exception>
    public async Task<UploadComparison> CompareAsync(Dataset dataset, UploadComparisonRequest request, CancellationToken cancellationToken)
    {
        Check(request);
        var head = await commits.HeadAsync(dataset, new CommitIntent { Branch = request.Branch, Message = "", Author = "" });
        var (changed, gone) = head is null
            ? ([.. Enumerable.Range(0, request.Files.Count)], [])
            : request.ListGone
                ? await WalkAsync(head, request, cancellationToken)
                : (await FindAsync(head, request, cancellationToken), []);
        var stored = await projects.FindAsync(dataset.Project, changed.Select(index => request.Files[index].Blob), cancellationToken);
        return new UploadComparison
        {
            Head = head?.Commit,
            Changed = changed,
            Missing = [.. changed.Where(index => !stored.ContainsKey(request.Files[index].Blob))],
            Gone = gone.Count > UploadComparison.MaximumGone ? gone[..UploadComparison.MaximumGone] : gone,
            MoreGone = gone.Count > UploadComparison.MaximumGone,
        };
    }

    /// <summary>Goes through the branch and the client's files side by side.</summary>
    private async Task<(List<int> Changed, List<string> Gone)> WalkAsync(DatasetVersion head, UploadComparisonRequest request, CancellationToken cancellationToken)
    {
        var (changed, gone, next) = (new List<int>(), new List<string>(), 0);
        var root = await datasets.Manifests.ReadRootAsync(head.Content, cancellationToken);
        await foreach (var entry in ManifestRanges.RangeAsync(datasets.Manifests, root, request.After, request.Through, cancellationToken))
        {
            while (next < request.Files.Count && PathOrder.Compare(request.Files[next].Path, entry.Path) < 0)
            {
                changed.Add(next++);
            }

            if (next < request.Files.Count && request.Files[next].Path == entry.Path)
            {
                if (request.Files[next].Blob != entry.Blob)
                {
                    changed.Add(next);
                }

                next++;
            }
            else if (gone.Count <= UploadComparison.MaximumGone)
            {
                gone.Add(entry.Path);
            }
            else if (next == request.Files.Count)
            {
                break;
            }
        }

        changed.AddRange(Enumerable.Range(next, request.Files.Count - next));
        return (changed, gone);
    }

    private async Task<List<int>> FindAsync(DatasetVersion head, UploadComparisonRequest request, CancellationToken cancellationToken)
    {
        var root = await datasets.Manifests.ReadRootAsync(head.Content, cancellationToken);
        var there = await ManifestRanges.FindAsync(datasets.Manifests, root, [.. request.Files.Select(file => file.Path)], cancellationToken);
        return [.. Enumerable.Range(0, request.Files.Count).Where(index =>
            !there.TryGetValue(request.Files[index].Path, out var entry) || entry.Blob != request.Files[index].Blob)];
    }

    private static void Check(UploadComparisonRequest request)
    {
        if (request.Files.Count > UploadComparisonRequest.MaximumFiles)
        {
            throw new InvalidException($"{request.Files.Count} files were asked about at once; {UploadComparisonRequest.MaximumFiles} are allowed. Ask range by range.");
        }

        var before = request.After;
        foreach (var file in request.Files)
        {
            EntryPath.Check(file.Path);
            if (before is not null && PathOrder.Compare(file.Path, before) <= 0)
            {
                throw new InvalidException($"'{EntryPath.Shorten(file.Path)}' comes after '{EntryPath.Shorten(before)}' in the list. Sort the files by the UTF-8 bytes of their paths, each once.");
            }

            before = file.Path;
        }

        if (request.Through is not null && before is not null && PathOrder.Compare(before, request.Through) > 0)
        {
            throw new InvalidException($"'{EntryPath.Shorten(before)}' lies behind the range's end '{EntryPath.Shorten(request.Through)}'.");
        }
    }
}
