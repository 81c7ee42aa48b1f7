namespace OrleansDL;

/// <summary>The input is over a limit; the message names the limit and how to raise it.</summary>
[GenerateSerializer, Alias("too-large")]
public sealed class TooLargeException(string message) : OrleansDLException(message)
{
    public override string Code => "too-large";
    public override int Status => 413;
}
