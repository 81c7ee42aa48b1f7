namespace OrleansDL.Collectives;

/// <summary>The rendezvous of a run, through whoever started this process.</summary>
internal sealed class GangRendezvous(Func<int, string, IReadOnlyList<string>> meet) : IRendezvous
{
    public IReadOnlyList<string> Meet(int rank, string address) => meet(rank, address);
}
