namespace OrleansDL.Serving;

/// <summary>Brings logged requests and answers into their dataset.</summary>
public interface IPayloadCommits
{
    /// <summary>Commits a batch, once however often it is tried.</summary>
    /// <exception cref="OrleansDLException">The dataset is gone, or cannot take it.</exception>
    Task CommitAsync(PayloadBatch batch, CancellationToken cancellationToken);
}
