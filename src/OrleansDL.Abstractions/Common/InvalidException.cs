namespace OrleansDL;

/// <summary>The input is wrong; the message says where (line, JSON path, name) and what is allowed.</summary>
[GenerateSerializer, Alias("invalid")]
public sealed class InvalidException(string message) : OrleansDLException(message)
{
    public override string Code => "invalid";
    public override int Status => 400;
}
