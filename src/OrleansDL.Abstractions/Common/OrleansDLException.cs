namespace OrleansDL;

/// <summary>An error a caller can act on. The message names the thing and the next step; <see cref="Code"/> is stable.</summary>
[GenerateSerializer, Alias("odl-error")]
public abstract class OrleansDLException(string message) : Exception(message)
{
    /// <summary>Stable identifier of the kind of error, kebab-case, as in the <c>code</c> of a problem document.</summary>
    public abstract string Code { get; }

    /// <summary>HTTP status code this error is answered with.</summary>
    public abstract int Status { get; }
}
