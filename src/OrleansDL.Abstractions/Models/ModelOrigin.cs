namespace OrleansDL.Models;

/// <summary>Who made a model version. The numbers are stored: they never change.</summary>
public enum ModelOrigin
{
    /// <summary>It was registered before origins were kept, or by this platform's own code.</summary>
    Unknown = 0,

    /// <summary>Our own trainer.</summary>
    Trainer = 1,

    /// <summary>A program of the user's that ran as a training run.</summary>
    Code = 2,

    /// <summary>It was made elsewhere and brought in.</summary>
    Imported = 3,
}
