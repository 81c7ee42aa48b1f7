namespace OrleansDL;

/// <summary>A text to continue leaves no room for a token in what its model takes.</summary>
[GenerateSerializer, Alias("text-too-long")]
public sealed class TextTooLongException(string message) : OrleansDLException(message)
{
    public override string Code => "text-too-long";
    public override int Status => 400;
}
