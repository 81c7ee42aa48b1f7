namespace OrleansDL;

/// <summary>The server answered with an error that has no type of its own here, for example a fault inside it.</summary>
public sealed class UnexpectedAnswerException(string message, string code, int status) : OrleansDLException(message)
{
    public override string Code => code;
    public override int Status => status;
}
