namespace OrleansDL.Training;

/// <summary>The ranks of one attempt finding each other. It lives with the run's activation: a rank that is missed after a failover says again where it listens.</summary>
internal sealed class GangMeeting(int attempt, int size)
{
    private readonly string?[] _addresses = new string?[size];
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Attempt { get; } = attempt;

    /// <summary>Ends when all have come, or none need wait any longer.</summary>
    public Task Over => _over.Task;

    /// <returns>The addresses by rank, when the last one has come.</returns>
    public IReadOnlyList<string>? Take(RankAddress address)
    {
        _addresses[address.Rank] = address.Address;
        return Array.TrueForAll(_addresses, known => known is not null) ? [.. _addresses.Select(known => known!)] : null;
    }

    public void End() => _over.TrySetResult();
}
