namespace OrleansDL.Training.Scheduling;

/// <summary>When those that wait should start: the queue is served in its order as the runs before end, by what they tell of themselves.</summary>
internal static class Estimates
{
    public static IReadOnlyDictionary<Guid, DateTimeOffset> Of(Board board, int greatest)
    {
        var estimates = new Dictionary<Guid, DateTimeOffset>();
        var room = board.Soon();
        var ends = new PriorityQueue<PolicyJob, DateTimeOffset>();
        foreach (var holder in board.Holders)
        {
            if (holder.LeftUntil(board.Now) is { } left)
            {
                ends.Enqueue(holder, board.Now + left);
            }
        }

        var jobs = board.Waiting.ToDictionary(job => job.Id);
        var clock = board.Now;
        foreach (var wait in board.Waits.Take(greatest))
        {
            var job = jobs[wait.Job];
            if (board.IsRefused(job.Id))
            {
                continue;
            }

            if (board.IsClaimed(job.Id))
            {
                estimates[job.Id] = board.Now;
                continue;
            }

            var seats = room.Place(job);
            while (seats is null && ends.TryDequeue(out var ended, out var end))
            {
                clock = end > clock ? end : clock;
                room.Give(ended, ended.Seats);
                seats = room.Place(job);
            }

            if (seats is null)
            {
                // Whoever holds the rest does not tell when it ends, and so nobody behind this one can know either.
                break;
            }

            room.Take(job, seats);
            estimates[job.Id] = clock;
            if (job.LeftUntil(board.Now) is { } left)
            {
                ends.Enqueue(job with { Seats = seats }, clock + left + job.RestartCost);
            }
        }

        return estimates;
    }
}
