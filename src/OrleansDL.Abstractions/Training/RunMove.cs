namespace OrleansDL.Training;

/// <summary>Asks that a waiting run be served directly before or behind another waiting run of its project and pool: one of the two is named.</summary>
public sealed record RunMove
{
    /// <summary>Name or id of the run it goes before.</summary>
    public string? Ahead { get; init; }

    /// <summary>Name or id of the run it goes behind.</summary>
    public string? Behind { get; init; }
}
