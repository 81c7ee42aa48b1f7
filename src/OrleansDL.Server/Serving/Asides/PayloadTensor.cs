namespace OrleansDL.Serving.Asides;

/// <summary>A tensor to be written down; without its data where that is not to be, and why.</summary>
internal readonly record struct PayloadTensor(Tensor Tensor, string? LeftOut)
{
    public const string Redacted = "redacted";
    public const string TooLarge = "too large";
}
