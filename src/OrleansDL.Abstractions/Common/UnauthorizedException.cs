namespace OrleansDL;

/// <summary>No valid token came with the call.</summary>
[GenerateSerializer, Alias("unauthorized")]
public sealed class UnauthorizedException(string message) : OrleansDLException(message)
{
    public override string Code => "unauthorized";
    public override int Status => 401;
}
