namespace OrleansDL;

/// <summary>No server answers at the address; the message names it.</summary>
public sealed class UnreachableException(string message) : OrleansDLException(message)
{
    public override string Code => "unreachable";
    public override int Status => 503;
}
