namespace OrleansDL.Collectives;

/// <summary>What a connection between two neighbours is for. Each has its own, so that gradients on their way hold up nothing else.</summary>
internal enum Channel
{
    /// <summary>Signs of life, and the reason when a rank gives up.</summary>
    Control = 0,

    /// <summary>Gradients, exchanged beside the backward pass.</summary>
    Gradients = 1,

    /// <summary>What the training thread itself asks for: sums of a batch, losses, digests.</summary>
    Values = 2,
}
