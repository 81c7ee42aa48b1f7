namespace OrleansDL;

/// <summary>The ETag given in If-Match is not the current one.</summary>
[GenerateSerializer, Alias("precondition")]
public sealed class PreconditionException(string message) : OrleansDLException(message)
{
    public override string Code => "precondition-failed";
    public override int Status => 412;
}
