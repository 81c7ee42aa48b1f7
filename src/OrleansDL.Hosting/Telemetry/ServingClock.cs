namespace OrleansDL.Telemetry;

/// <summary>Tells which window is open. Windows begin at multiples of ten seconds since 1970.</summary>
internal sealed class ServingClock(TimeProvider time)
{
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private long _floor;

    /// <summary>Start of the window that a request belongs to now.</summary>
    /// <remarks>Never before the floor: a window that was written for the last time is not begun anew when the wall clock is set back.</remarks>
    public DateTimeOffset WindowStart() => new(Math.Max(Now(), Volatile.Read(ref _floor)), TimeSpan.Zero);

    /// <summary>Lets no request into windows older than the one before the open one.</summary>
    /// <returns>Start of the oldest window that requests may still enter.</returns>
    public DateTimeOffset RaiseFloor()
    {
        var floor = Math.Max(Volatile.Read(ref _floor), Now() - Window.Ticks);
        Volatile.Write(ref _floor, floor);
        return new DateTimeOffset(floor, TimeSpan.Zero);
    }

    private long Now()
    {
        var ticks = time.GetUtcNow().UtcTicks;
        return ticks - (ticks - DateTimeOffset.UnixEpoch.UtcTicks) % Window.Ticks;
    }
}
