namespace OrleansDL.Serving;

/// <summary>What becomes of answers that had begun when the worker that made them was lost: they are not made twice, so the caller is told.</summary>
internal static class Interrupted
{
    /// <summary>Whether the worker is gone, rather than that it refused to go on.</summary>
    /// <remarks>Orleans says ArgumentException when no silo hosts the grain's class any more.</remarks>
    public static bool Is(Exception error) => error is OrleansException or EnumerationAbortedException or ArgumentException;

    public static NoCapacityException Told(Exception error) =>
        new($"The worker that was answering is gone, and what came before this is all there is. Send the request again. ({error.Message})");
}
