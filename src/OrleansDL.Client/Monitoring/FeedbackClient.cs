namespace OrleansDL.Monitoring;

/// <summary>What the right answers would have been, by inference id.</summary>
public sealed class FeedbackClient
{
    private readonly OdlConnection _http;

    internal FeedbackClient(OdlConnection http) => _http = http;

    /// <summary>Stores feedback, all of it or none. Repeating it changes nothing.</summary>
    /// <exception cref="NotFoundException">An inference was not answered in this project.</exception>
    public async Task<IReadOnlyList<StoredFeedback>> SendAsync(IReadOnlyList<InferenceFeedback> items, CancellationToken cancellationToken = default) =>
        (await _http.PostAsync<Page<StoredFeedback>>(Root, new FeedbackBatch { Items = items }, cancellationToken)).Items;

    /// <summary>A deployment's feedback, by the time of the answers.</summary>
    public IAsyncEnumerable<StoredFeedback> ListAsync(string deployment, CancellationToken cancellationToken = default) =>
        _http.ListAsync<StoredFeedback>(OdlConnection.Query(Root, ("deployment", deployment)), cancellationToken);

    private string Root => $"{_http.Project}/feedback";
}
