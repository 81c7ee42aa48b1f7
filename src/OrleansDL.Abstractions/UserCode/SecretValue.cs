namespace OrleansDL.UserCode;

/// <summary>Sets a secret.</summary>
public sealed record SecretValue
{
    /// <summary>1 to 32,768 characters without a zero character.</summary>
    public string? Value { get; init; }

    /// <summary>Not the value.</summary>
    public override string ToString() => nameof(SecretValue);
}
