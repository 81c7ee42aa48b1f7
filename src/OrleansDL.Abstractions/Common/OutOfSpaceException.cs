namespace OrleansDL;

/// <summary>The disk or store is full; nothing was kept of what was being written.</summary>
[GenerateSerializer, Alias("out-of-space")]
public sealed class OutOfSpaceException(string message) : OrleansDLException(message)
{
    public override string Code => "out-of-space";
    public override int Status => 507;
}
