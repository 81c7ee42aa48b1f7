using System.Threading.Channels;

namespace OrleansDL.Datasets.Push;

/// <summary>Brings a folder or file into a dataset: hashes what may be there already, sends what is not, and commits it in one version.</summary>
internal sealed class DatasetPush
{
    // A page is hashed while the one before it is compared and sent.
    private const int PageFiles = 4096;
    private const long PageBytes = 512L << 20;

    // Larger files are uploaded by themselves, so that they can be gone on with.
    private const long SmallBytes = 8 << 20;
    private const int BatchFiles = 8192;
    private const long BatchBytes = 48 << 20;

    private readonly DatasetsClient _datasets;
    private readonly string _dataset;
    private readonly PushOptions _options;
    private readonly PushCount _count;
    private readonly LargeFile _large;
    private readonly List<PushedFile> _changed = [];
    private readonly List<PushedFile> _unchanged = [];
    private readonly List<string> _gone = [];

    public DatasetPush(DatasetsClient datasets, string dataset, PushOptions options, PushCount count, TimeProvider time)
    {
        _datasets = datasets;
        _dataset = dataset;
        _options = options;
        _count = count;
        _large = new LargeFile(datasets.Uploads, dataset, time);
    }

    public async Task<PushResult> RunAsync(string source, CancellationToken cancellationToken)
    {
        var dataset = await _datasets.GetAsync(_dataset, cancellationToken);
        var found = LocalFile.Find(source, _options.Path);
        var folder = Directory.Exists(source);
        _count.Begin(found);

        // The first error ends everything that is under way.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = Channel.CreateBounded<IReadOnlyList<PushedFile>>(_options.Connections * 2);
        var senders = Enumerable.Range(0, _options.Connections).Select(_ => Task.Run(() => SendAllAsync(work.Reader, stop), CancellationToken.None)).ToList();
        Exception? fault = null;
        try
        {
            // The first push into an empty dataset sends everything: nothing need be hashed to find that out.
            var files = found.Select(file => new PushedFile(file));
            if (dataset.LatestVersion == 0)
            {
                await OfferAsync(work.Writer, files, stop.Token);
            }
            else
            {
                await CompareAsync(work.Writer, files, folder, stop.Token);
            }
        }
        catch (Exception e)
        {
            fault = e;
            await stop.CancelAsync();
        }

        work.Writer.Complete();
        var sending = Task.WhenAll(senders);
        await ((Task)sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        var first = sending.Exception?.InnerExceptions.FirstOrDefault(e => e is not OperationCanceledException) ?? fault;
        if (first is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        }

        return await CommitAsync(source, dataset, cancellationToken);
    }

    private async Task CompareAsync(ChannelWriter<IReadOnlyList<PushedFile>> work, IEnumerable<PushedFile> files, bool folder, CancellationToken cancellationToken)
    {
        var prefix = folder ? LocalFile.Prefix(_options.Path) : "";

        // "a/" is followed by "a0": everything that begins with the prefix lies between the two.
        var after = prefix.Length == 0 ? null : prefix;
        var end = prefix.Length == 0 ? null : prefix[..^1] + '0';
        var listGone = folder && _options.Delete && !_options.Replace;
        var comparing = Task.CompletedTask;
        var pages = Pages(files).ToList();
        for (var i = 0; i < pages.Count; i++)
        {
            var page = pages[i];
            await Parallel.ForEachAsync(
                page, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(2, Environment.ProcessorCount), CancellationToken = cancellationToken }, (file, cancel) =>
                {
                    file.Blob = FileDigest.Of(file.Local, _count.Hashed, cancel);
                    return ValueTask.CompletedTask;
                });
            await comparing;
            var (from, through) = (after, i == pages.Count - 1 ? end : page[^1].Local.Path);
            comparing = ComparePageAsync(work, page, from, through, prefix, listGone, cancellationToken);
            after = through;
        }

        await comparing;
    }

    private async Task ComparePageAsync(
        ChannelWriter<IReadOnlyList<PushedFile>> work, List<PushedFile> page, string? after, string? through, string prefix, bool listGone, CancellationToken cancellationToken)
    {
        var request = new UploadComparisonRequest
        {
            Branch = _options.Branch,
            After = after,
            Through = through,
            Files = [.. page.Select(file => new UploadFile { Path = file.Local.Path, Blob = file.Blob!.Value, Bytes = file.Local.Bytes })],
            ListGone = listGone,
        };
        var answer = await _datasets.Uploads.CompareAsync(_dataset, request, cancellationToken);
        var missing = answer.Missing.ToHashSet();
        var changed = answer.Changed.ToHashSet();
        for (var i = 0; i < page.Count; i++)
        {
            (changed.Contains(i) ? _changed : _unchanged).Add(page[i]);
            if (!missing.Contains(i))
            {
                _count.Skipped(page[i].Local.Bytes);
            }
        }

        while (true)
        {
            _gone.AddRange(answer.Gone.Where(path => path.StartsWith(prefix, StringComparison.Ordinal)));
            if (!answer.MoreGone)
            {
                break;
            }

            var last = answer.Gone[^1];
            request = request with { After = last, Files = [.. request.Files.Where(file => PathOrder.Compare(file.Path, last) > 0)] };
            answer = await _datasets.Uploads.CompareAsync(_dataset, request, cancellationToken);
        }

        await OfferAsync(work, page.Where((_, index) => missing.Contains(index)), cancellationToken, known: true);
    }

    /// <summary>Hands files to the senders: small ones together, large ones alone.</summary>
    private async Task OfferAsync(ChannelWriter<IReadOnlyList<PushedFile>> work, IEnumerable<PushedFile> files, CancellationToken cancellationToken, bool known = false)
    {
        var batch = new List<PushedFile>();
        long bytes = 0;

        // The same bytes under two paths go once.
        var sent = new HashSet<BlobId>();
        foreach (var file in files)
        {
            if (!known)
            {
                _changed.Add(file);
            }
            else if (!sent.Add(file.Blob!.Value))
            {
                _count.Skipped(file.Local.Bytes);
                continue;
            }

            if (_options.DryRun)
            {
                _count.Sent(1, file.Local.Bytes);
            }
            else if (file.Local.Bytes > SmallBytes)
            {
                await work.WriteAsync([file], cancellationToken);
            }
            else
            {
                if (batch.Count == BatchFiles || (batch.Count > 0 && bytes + file.Local.Bytes > BatchBytes))
                {
                    await work.WriteAsync(batch, cancellationToken);
                    (batch, bytes) = ([], 0);
                }

                batch.Add(file);
                bytes += file.Local.Bytes + SmallBatch.HeaderBytes;
            }
        }

        if (batch.Count > 0)
        {
            await work.WriteAsync(batch, cancellationToken);
        }
    }

    private async Task SendAllAsync(ChannelReader<IReadOnlyList<PushedFile>> work, CancellationTokenSource stop)
    {
        try
        {
            await foreach (var files in work.ReadAllAsync(stop.Token))
            {
                if (files is [{ Local.Bytes: > SmallBytes } large])
                {
                    large.Blob = await _large.SendAsync(large, bytes => _count.Sent(0, bytes), stop.Token);
                    _count.Sent(1, 0);
                }
                else
                {
                    await SendSmallAsync(files, stop.Token);
                }
            }
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }
    }

    private async Task SendSmallAsync(IReadOnlyList<PushedFile> files, CancellationToken cancellationToken)
    {
        long reported = 0;
        var answer = await _datasets.Uploads.SendAsync(
            _dataset,
            () =>
            {
                // A second try sends all of it again.
                _count.Sent(0, -reported);
                reported = 0;
                return new UploadContent((target, cancel) => SmallBatch.WriteAsync(files, target, bytes =>
                {
                    reported += bytes;
                    _count.Sent(0, bytes);
                }, cancel), SmallBatch.Length(files));
            },
            cancellationToken);
        for (var i = 0; i < files.Count; i++)
        {
            files[i].Blob = answer.Files[i].Blob;
        }

        _count.Sent(files.Count, -(long)files.Count * SmallBatch.HeaderBytes);
    }

    private async Task<PushResult> CommitAsync(string source, Dataset dataset, CancellationToken cancellationToken)
    {
        var progress = _count.Now;
        var result = new PushResult
        {
            Files = progress.Files,
            Changed = _changed.Count,
            Removed = _gone.Count,
            Bytes = progress.Bytes,
            SentBytes = progress.SentBytes,
        };
        if (_options.DryRun)
        {
            return result;
        }

        if (_changed.Count + _gone.Count + _options.Tags.Count == 0 && !_options.Replace)
        {
            return result with { Version = await _datasets.GetVersionAsync(_dataset, _options.Branch == "main" ? "latest" : _options.Branch, cancellationToken) };
        }

        var name = System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(source)));
        var head = new UploadCommitHead
        {
            Branch = _options.Branch,
            Message = _options.Message ?? $"Push {name}",
            Tags = _options.Tags,
            Replace = _options.Replace,
            Types = _options.Types,
        };
        var added = _options.Replace && dataset.LatestVersion > 0 ? _changed.Concat(_unchanged) : _changed;
        var lines = added
            .Select(file => new UploadCommitLine { Add = file.Local.Path, Blob = file.Blob, Format = _options.Format, Header = _options.Header, Split = _options.Split })
            .Concat(_gone.Select(path => new UploadCommitLine { Remove = path }));
        return result with { Version = await _datasets.Uploads.CommitAsync(_dataset, head, lines, cancellationToken) };
    }

    private static IEnumerable<List<PushedFile>> Pages(IEnumerable<PushedFile> files)
    {
        var page = new List<PushedFile>();
        long bytes = 0;
        foreach (var file in files)
        {
            page.Add(file);
            bytes += file.Local.Bytes;
            if (page.Count == PageFiles || bytes >= PageBytes)
            {
                yield return page;
                (page, bytes) = ([], 0);
            }
        }

        if (page.Count > 0)
        {
            yield return page;
        }
    }
}
