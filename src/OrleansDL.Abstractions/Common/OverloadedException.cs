namespace OrleansDL;

/// <summary>Refused for there is too much to do: a queue is full, or the wait was longer than allowed. Sending it elsewhere at once would only add to it.</summary>
[GenerateSerializer, Alias("overloaded")]
public sealed class OverloadedException(string message) : OrleansDLException(message)
{
    public override string Code => "overloaded";
    public override int Status => 503;
}
