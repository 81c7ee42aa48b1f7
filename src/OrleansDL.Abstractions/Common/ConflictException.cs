namespace OrleansDL;

/// <summary>The thing is not in a state that allows the call, or someone else changed it first.</summary>
[GenerateSerializer, Alias("conflict")]
public sealed class ConflictException(string message) : OrleansDLException(message)
{
    public override string Code => "conflict";
    public override int Status => 409;
}
