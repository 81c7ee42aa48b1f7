namespace OrleansDL.Serving.Sequences;

/// <summary>One sequence under way, or waiting for a place.</summary>
internal sealed class LiveSequence(string id)
{
    public string Id => id;

    /// <summary>Its requests that have not run yet, in their order.</summary>
    public Queue<SequenceRequest> Requests { get; } = new();

    /// <summary>What the model remembers of it, one for each state; null: nothing yet.</summary>
    public Tensor[]? States { get; set; }

    /// <summary>Where its place is; null while it waits for one.</summary>
    public SequenceLane? Lane { get; set; }

    /// <summary>Its place; -1 while it waits for one.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>Whether a request of it runs.</summary>
    public bool IsRunning { get; set; }

    /// <summary>When it last had something to do.</summary>
    public TimeSpan LastUsed { get; set; }
}
