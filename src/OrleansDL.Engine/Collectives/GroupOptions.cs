using System.Net;

namespace OrleansDL.Collectives;

/// <summary>Which ranks work together, and how they find out that one is lost.</summary>
internal sealed record GroupOptions
{
    public required Guid Run { get; init; }

    /// <summary>Ranks of another attempt are refused.</summary>
    public required int Attempt { get; init; }

    /// <summary>Known to the attempt's ranks alone; whoever cannot prove it is a stranger. At least 16 bytes.</summary>
    public required byte[] Secret { get; init; }

    /// <summary>This rank, from 0.</summary>
    public required int Rank { get; init; }

    /// <summary>Number of ranks, at least 1.</summary>
    public required int Size { get; init; }

    /// <summary>Where this rank listens.</summary>
    public IPAddress Bind { get; init; } = IPAddress.Loopback;

    /// <summary>Name or address under which the others reach it; null: the address it listens on.</summary>
    public string? Advertise { get; init; }

    /// <summary>How long the ranks may take to find each other.</summary>
    public TimeSpan FormLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A neighbour that says nothing for so long is lost. Shorter notices a dead machine sooner; longer forgives a frozen one.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(1.25);
}
