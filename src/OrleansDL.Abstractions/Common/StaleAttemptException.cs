namespace OrleansDL;

/// <summary>A report came from an attempt that is no longer the current one: its sender has lost its lease and must stop.</summary>
[GenerateSerializer, Alias("stale-attempt")]
public sealed class StaleAttemptException(string message) : OrleansDLException(message)
{
    public override string Code => "stale-attempt";
    public override int Status => 409;
}
