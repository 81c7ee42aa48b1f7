namespace OrleansDL.Collectives;

/// <summary>Where the ranks of an attempt learn each other's addresses.</summary>
internal interface IRendezvous
{
    /// <summary>Says where <paramref name="rank"/> listens, and waits until all ranks have said so.</summary>
    /// <returns>The addresses <c>host:port</c>, by rank.</returns>
    /// <exception cref="GroupLostException">Not all of them came in time, or the attempt is over.</exception>
    IReadOnlyList<string> Meet(int rank, string address);
}
