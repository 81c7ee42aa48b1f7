namespace OrleansDL;

/// <summary>The token is valid, but its role or project does not allow the call.</summary>
[GenerateSerializer, Alias("forbidden")]
public sealed class ForbiddenException(string message) : OrleansDLException(message)
{
    public override string Code => "forbidden";
    public override int Status => 403;
}
