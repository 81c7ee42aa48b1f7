namespace OrleansDL;

/// <summary>The thing was there and its content is no more, on purpose. What is remembered of it says when and why.</summary>
[GenerateSerializer, Alias("gone")]
public sealed class GoneException(string message) : OrleansDLException(message)
{
    public override string Code => "gone";
    public override int Status => 410;
}
