namespace OrleansDL.Models;

/// <summary>Which way lineage is walked.</summary>
public enum LineageDirection
{
    /// <summary>Towards the sources.</summary>
    Up = 0,

    /// <summary>Towards what was made and is served from it.</summary>
    Down = 1,
}
