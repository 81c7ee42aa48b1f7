using System.Buffers;
using System.Text.Json;

namespace OrleansDL.Datasets;

/// <summary>The calls a push is made of. <see cref="DatasetsClient.PushAsync"/> makes them all; these are for programs with their own ideas.</summary>
public sealed class UploadsClient
{
    private readonly OdlConnection _http;

    internal UploadsClient(OdlConnection http) => _http = http;

    /// <summary>Asks which files a branch has already, and which bytes the server lacks.</summary>
    public Task<UploadComparison> CompareAsync(string dataset, UploadComparisonRequest files, CancellationToken cancellationToken = default) =>
        _http.PostAsync<UploadComparison>($"{Of(dataset)}/compare", files, cancellationToken);

    /// <summary>Begins a large file, or finds the unfinished upload of the same key.</summary>
    public Task<Upload> BeginAsync(string dataset, UploadSpec spec, CancellationToken cancellationToken = default) =>
        _http.PostAsync<Upload>(Of(dataset), spec, cancellationToken);

    public Task<Upload> GetAsync(string dataset, Guid upload, CancellationToken cancellationToken = default) =>
        _http.GetAsync<Upload>($"{Of(dataset)}/{upload}", cancellationToken);

    /// <summary>Makes a file that is there whole a blob that can be committed.</summary>
    public Task<Upload> CompleteAsync(string dataset, Guid upload, CancellationToken cancellationToken = default) =>
        _http.SendAsync<Upload>(HttpMethod.Post, $"{Of(dataset)}/{upload}/complete", null, null, cancellationToken, patient: true);

    public Task CancelAsync(string dataset, Guid upload, CancellationToken cancellationToken = default) =>
        _http.DeleteAsync($"{Of(dataset)}/{upload}", null, cancellationToken);

    /// <summary>Makes a version of files whose bytes were sent before. Paths to remove go the same way.</summary>
    /// <param name="dataset">Name or id.</param>
    /// <param name="head">Branch, message, tags.</param>
    /// <param name="lines">Read once per try: any number of them.</param>
    /// <param name="cancellationToken">Stops it; nothing is committed then, unless it was already.</param>
    public Task<DatasetVersion> CommitAsync(string dataset, UploadCommitHead head, IEnumerable<UploadCommitLine> lines, CancellationToken cancellationToken = default) =>
        _http.SendAsync<DatasetVersion>(
            HttpMethod.Post, $"{Of(dataset)}/commit", () => new UploadContent((target, cancel) => WriteAsync(head, lines, target, cancel)), null, cancellationToken, patient: true);

    /// <summary>Appends a piece to a large file; tried once, since where to go on must be asked first.</summary>
    internal Task<Upload> AppendAsync(string dataset, Guid upload, long offset, HttpContent piece, CancellationToken cancellationToken) =>
        _http.SendAsync<Upload>(
            HttpMethod.Put, FormattableString.Invariant($"{Of(dataset)}/{upload}?offset={offset}"), () => piece, null, cancellationToken, patient: true, once: true);

    /// <summary>Sends many small files.</summary>
    internal Task<StoredFiles> SendAsync(string dataset, Func<HttpContent> files, CancellationToken cancellationToken) =>
        _http.SendAsync<StoredFiles>(HttpMethod.Post, $"{Of(dataset)}/files", files, null, cancellationToken, patient: true);

    private static async Task WriteAsync(UploadCommitHead head, IEnumerable<UploadCommitLine> lines, Stream target, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(1 << 18);
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = OdlJson.Options.Encoder });
        Add(head);
        foreach (var line in lines)
        {
            Add(line);
            if (buffer.WrittenCount > 1 << 17)
            {
                await FlushAsync();
            }
        }

        await FlushAsync();

        void Add<T>(T line)
        {
            json.Reset();
            JsonSerializer.Serialize(json, line, OdlJson.Options);
            buffer.Write("\n"u8);
        }

        async Task FlushAsync()
        {
            await target.WriteAsync(buffer.WrittenMemory, cancellationToken);
            buffer.ResetWrittenCount();
        }
    }

    private string Of(string dataset) => $"{_http.Project}/datasets/{OdlConnection.Escape(dataset)}/uploads";
}
