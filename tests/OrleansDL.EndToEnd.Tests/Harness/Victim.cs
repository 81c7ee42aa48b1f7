namespace OrleansDL.Tests.Harness;

/// <summary>Which process is killed.</summary>
public enum Victim
{
    Runner,
    Worker,
    Server,

    /// <summary>Every process there is.</summary>
    Everything,
}
