using OrleansDL.Identity;

namespace OrleansDL.Monitoring;

/// <summary>The metrics store of one project. Key: the project's name. Any number of activations.</summary>
[Alias("serving-metrics")]
public interface IServingMetricsGrain : IGrainWithStringKey
{
    /// <summary>Windows of a deployment between two times, oldest first, merged to <paramref name="stepSeconds"/> (a multiple of 10; 0 merges the whole range into one per version).</summary>
    [Alias("query"), Requires(Role.Viewer)] Task<IReadOnlyList<ServingWindow>> QueryAsync(string deployment, DateTimeOffset from, DateTimeOffset to, int stepSeconds);

    /// <summary>Stores what right answers would have been, all of it or none. Repeating it changes nothing.</summary>
    /// <exception cref="NotFoundException">An inference was not answered in this project.</exception>
    [Alias("add-feedback"), Requires(Role.Developer)] Task<IReadOnlyList<StoredFeedback>> AddFeedbackAsync(FeedbackBatch batch);

    /// <summary>A deployment's feedback, by the time of the answers.</summary>
    [Alias("list-feedback"), Requires(Role.Viewer)] Task<Page<StoredFeedback>> ListFeedbackAsync(string deployment, PageRequest page);
}
