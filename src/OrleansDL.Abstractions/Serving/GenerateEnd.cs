namespace OrleansDL.Serving;

/// <summary>Why a continued text ended. The numbers are sent: they never change.</summary>
public enum GenerateEnd
{
    /// <summary>The model ended it, or it came upon a text to stop at.</summary>
    Stop = 0,

    /// <summary>It has as many tokens as were asked for, or as the model takes.</summary>
    Length = 1,
}
