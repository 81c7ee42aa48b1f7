namespace OrleansDL.Datasets;

/// <summary>Where the shards of a version stand.</summary>
public enum ShardState
{
    /// <summary>Not all of them are there, and nobody makes them.</summary>
    Missing = 0,
    Building = 1,
    Ready = 2,

    /// <summary>They could not be made; preparing again tries again.</summary>
    Failed = 3,
}
