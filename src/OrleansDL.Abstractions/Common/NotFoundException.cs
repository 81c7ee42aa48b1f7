namespace OrleansDL;

/// <summary>The named thing does not exist.</summary>
[GenerateSerializer, Alias("not-found")]
public sealed class NotFoundException(string message) : OrleansDLException(message)
{
    public override string Code => "not-found";
    public override int Status => 404;
}
