namespace OrleansDL;

/// <summary>How a client behaves when the server is slow or away.</summary>
public sealed record OdlClientOptions
{
    /// <summary>Tries of one call before its error is thrown. Calls that are not safe to repeat are tried once.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>Pause before the second try; it doubles with every further one, up to <see cref="MaximumPause"/>.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(100);
    public TimeSpan MaximumPause { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Time for one try to answer. Uploads, downloads and the event feed take as long as they take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(100);

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
