namespace OrleansDL;

/// <summary>A grain that left itself a wake-up and goes on where it stopped when it is delivered.</summary>
/// <remarks>Delivery is at least once: <see cref="WakeAsync"/> may be repeated and must find out from state what is left to do.
/// When it returns, the wake-up is done with unless it was armed again meanwhile; when it throws, it is delivered again later.</remarks>
[Alias("wakeable")]
public interface IWakeable : IAddressable
{
    /// <param name="name">Which of the grain's wake-ups is due.</param>
    /// <param name="payload">What was stored with it, for example an event id.</param>
    [Alias("wake")] Task WakeAsync(string name, string? payload);
}
