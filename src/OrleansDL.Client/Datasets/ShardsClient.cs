using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace OrleansDL.Datasets;

/// <summary>A version's rows to be read for training: as MDS shards, or as Arrow record batches.</summary>
public sealed class ShardsClient
{
    private const int Buffer = 1 << 18;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(0.5);

    private readonly OdlConnection _http;

    internal ShardsClient(OdlConnection http) => _http = http;

    /// <summary>Asks for the shards to be made, and answers how far they are.</summary>
    public Task<ShardStatus> PrepareAsync(string dataset, string version = "latest", CancellationToken cancellationToken = default) =>
        _http.PostAsync<ShardStatus>(Of(dataset, version), null, cancellationToken);

    public Task<ShardStatus> GetAsync(string dataset, string version = "latest", CancellationToken cancellationToken = default) =>
        _http.GetAsync<ShardStatus>(Of(dataset, version), cancellationToken);

    /// <summary>Brings the shards into a folder, several at once, as StreamingDataset reads them. Those that are there already are kept; one
    /// that was cut off goes on where it was. <c>index.json</c> comes last: when it is there, all is.</summary>
    /// <param name="dataset">Name or id.</param>
    /// <param name="version">Which version.</param>
    /// <param name="folder">Where they go; made if it is not there.</param>
    /// <param name="parallel">Shards fetched at once.</param>
    /// <param name="progress">Told bytes as they come, from several threads.</param>
    /// <param name="cancellationToken">Stops it; calling again goes on.</param>
    /// <exception cref="InvalidException">The shards cannot be made, or one arrived with other bytes than its digest says.</exception>
    public async Task<ShardStatus> FetchAsync(
        string dataset, string version, string folder, int parallel = 4, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        var status = await ReadyAsync(dataset, version, cancellationToken);
        Directory.CreateDirectory(folder);
        using var index = new MemoryStream();
        await using (var answer = await _http.OpenAsync($"{Of(dataset, version)}/index.json", cancellationToken))
        {
            await answer.CopyToAsync(index, cancellationToken);
        }

        using var document = JsonDocument.Parse(index.ToArray());
        var shards = document.RootElement.GetProperty("shards").EnumerateArray().Select(shard => shard.GetProperty("raw_data")).ToList();
        await Parallel.ForEachAsync(shards, new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken }, async (shard, cancel) =>
        {
            var name = Path.GetFileName(shard.GetProperty("basename").GetString()!);
            await FetchOneAsync(
                $"{Of(dataset, version)}/{name}", Path.Combine(folder, name), shard.GetProperty("bytes").GetInt64(),
                shard.GetProperty("hashes").GetProperty("sha256").GetString()!, progress, cancel);
        });
        await File.WriteAllBytesAsync(Path.Combine(folder, "index.json"), index.ToArray(), cancellationToken);
        return status;
    }

    /// <summary>Rows as an Arrow IPC stream.</summary>
    /// <param name="dataset">Name or id.</param>
    /// <param name="version">Which version.</param>
    /// <param name="columns">Which columns, in this order; null for all.</param>
    /// <param name="firstRow">Counted from 0.</param>
    /// <param name="rows">How many at most; null to the end.</param>
    /// <param name="split">Only files that were said to belong to this split; null for all.</param>
    /// <param name="cancellationToken">Stops waiting for the answer.</param>
    public Task<Stream> OpenBatchesAsync(
        string dataset, string version = "latest", IReadOnlyList<string>? columns = null, long firstRow = 0, long? rows = null, string? split = null,
        CancellationToken cancellationToken = default) => _http.OpenAsync(
        OdlConnection.Query(
            $"{_http.Project}/datasets/{OdlConnection.Escape(dataset)}/versions/{OdlConnection.Escape(version)}/batches",
            ("columns", columns is null ? null : string.Join(',', columns)),
            ("firstRow", firstRow == 0 ? null : firstRow.ToString(CultureInfo.InvariantCulture)),
            ("rows", rows?.ToString(CultureInfo.InvariantCulture)),
            ("split", split)),
        cancellationToken);

    private async Task<ShardStatus> ReadyAsync(string dataset, string version, CancellationToken cancellationToken)
    {
        var status = await PrepareAsync(dataset, version, cancellationToken);
        while (status.State is not ShardState.Ready)
        {
            if (status.State is ShardState.Failed)
            {
                throw new InvalidException($"The shards of {dataset}@{version} cannot be made: {status.Error}");
            }

            await Task.Delay(Look, _http.Time, cancellationToken);
            status = status.State is ShardState.Missing
                ? await PrepareAsync(dataset, version, cancellationToken)
                : await GetAsync(dataset, version, cancellationToken);
        }

        return status;
    }

    private async Task FetchOneAsync(string path, string file, long bytes, string sha256, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        if (new FileInfo(file) is { Exists: true } there && there.Length == bytes)
        {
            progress?.Report(bytes);
            return;
        }

        var part = file + ".part";
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using (var target = new FileStream(part, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 0))
        {
            // What an earlier call left is hashed, not asked for again.
            var buffer = new byte[Buffer];
            target.SetLength(Math.Min(target.Length, bytes));
            for (int read; (read = await target.ReadAsync(buffer, cancellationToken)) > 0;)
            {
                hash.AppendData(buffer, 0, read);
                progress?.Report(read);
            }

            if (target.Position < bytes)
            {
                (string, string)[] range = target.Position > 0 ? [("Range", string.Create(CultureInfo.InvariantCulture, $"bytes={target.Position}-"))] : [];
                await using var answer = await _http.OpenAsync(path, cancellationToken, range);
                await CopyAsync(answer, target, hash, progress, cancellationToken);
            }
        }

        if (Convert.ToHexStringLower(hash.GetHashAndReset()) != sha256)
        {
            File.Delete(part);
            throw new InvalidException($"{Path.GetFileName(file)} did not arrive as its digest sha256:{sha256} says. It was thrown away; fetch again.");
        }

        File.Move(part, file, overwrite: true);
    }

    /// <summary>While one buffer is hashed and written the next one is filled.</summary>
    private static async Task CopyAsync(Stream source, FileStream target, IncrementalHash hash, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var (filling, full, keeping) = (new byte[Buffer], new byte[Buffer], Task.CompletedTask);
        try
        {
            for (int read; (read = await source.ReadAtLeastAsync(filling, Buffer, throwOnEndOfStream: false, cancellationToken)) > 0;)
            {
                await keeping;
                (filling, full) = (full, filling);
                var bytes = full.AsMemory(0, read);
                keeping = Task.Run(
                    () =>
                    {
                        hash.AppendData(bytes.Span);
                        target.Write(bytes.Span);
                    },
                    CancellationToken.None);
                progress?.Report(read);
            }
        }
        finally
        {
            await keeping;
        }
    }

    private string Of(string dataset, string version) => $"{_http.Project}/datasets/{OdlConnection.Escape(dataset)}/versions/{OdlConnection.Escape(version)}/mds";
}
