namespace OrleansDL.Serving.Sequences;

/// <summary>The places of one instance of a model: one execution of their requests at a time. Under its owner's lock.</summary>
internal sealed class SequenceLane(int places)
{
    /// <summary>The sequence of each place; null: it is free.</summary>
    public LiveSequence?[] Slots { get; } = new LiveSequence?[places];

    /// <summary>Whether something runs its requests now, and looks for more when it has.</summary>
    public bool IsRunning { get; set; }

    /// <summary>When its wait for company is over; null: it does not wait.</summary>
    public TimeSpan? Due { get; set; }

    /// <summary>Its requests that wait.</summary>
    public int Waiting => Slots.Sum(sequence => sequence?.Requests.Count ?? 0);

    /// <summary>Its sequences with a request, the one that waits longest first.</summary>
    public List<LiveSequence> Ready() => [.. Slots.OfType<LiveSequence>().Where(sequence => sequence.Requests.Count > 0).OrderBy(sequence => sequence.Requests.Peek().Arrived)];
}
