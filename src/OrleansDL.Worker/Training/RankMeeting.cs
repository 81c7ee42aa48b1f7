namespace OrleansDL.Training;

/// <summary>Brings a rank's address to its run, and back those of all ranks.</summary>
internal sealed class RankMeeting(ITrainingRunGrain run, TrainerAssignment assignment, Action onOver, TimeProvider time)
{
    private const int MaximumAddress = 300;
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(200);

    /// <summary>Whether a process may say this: the address of its own rank, within the attempt.</summary>
    public bool IsOwn(RankAddress address) =>
        address.Attempt == assignment.Attempt && address.Rank == assignment.Rank && address.Address is { Length: > 0 and <= MaximumAddress };

    /// <summary>Says where the rank listens, and waits for the others; for as long as they take to be there.</summary>
    public async Task<Rendezvous> MeetAsync(RankAddress address, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                // Said anew with every question: a run whose node died has forgotten it.
                if ((await run.MeetAsync(address) ?? await run.AwaitRanksAsync(address.Attempt)) is { } addresses)
                {
                    return new Rendezvous { Addresses = addresses };
                }
            }
            catch (StaleAttemptException)
            {
                onOver();
                return new Rendezvous();
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                // The run is out of reach for now.
                await Task.Delay(Retry, time, cancel);
            }

            cancel.ThrowIfCancellationRequested();
        }
    }
}
