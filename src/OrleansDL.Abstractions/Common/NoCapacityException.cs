namespace OrleansDL;

/// <summary>Nothing is free or able to do this now; trying again later can help.</summary>
[GenerateSerializer, Alias("no-capacity")]
public sealed class NoCapacityException(string message) : OrleansDLException(message)
{
    public override string Code => "no-capacity";
    public override int Status => 503;
}
