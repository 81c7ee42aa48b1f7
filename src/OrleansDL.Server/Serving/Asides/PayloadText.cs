namespace OrleansDL.Serving.Asides;

/// <summary>A text that was continued, as a payload log takes it down.</summary>
/// <param name="Request">What was asked.</param>
/// <param name="Output">What the model added.</param>
/// <param name="Last">Says why it ended, and counts its tokens.</param>
/// <param name="Fits">Whether the texts are written down, rather than that they are too large.</param>
internal sealed record PayloadText(GenerateRequest Request, string Output, GeneratePiece Last, bool Fits);
