using System.Globalization;

namespace OrleansDL.Serving.Batching;

/// <summary>Triton's own test hooks: a queue that waits for a number of requests before it begins, so that a batch of a known size forms.</summary>
/// <param name="First">Requests that must wait before the first execution; 0: none.</param>
/// <param name="Backlog">The same before the second.</param>
internal readonly record struct BatchHold(int First, int Backlog)
{
    /// <summary>As the environment says, whose variables are off unless set: <c>TRITONSERVER_DELAY_SCHEDULER</c> and <c>TRITONSERVER_BACKLOG_DELAY_SCHEDULER</c>.</summary>
    public static BatchHold OfEnvironment() => new(Read("TRITONSERVER_DELAY_SCHEDULER"), Read("TRITONSERVER_BACKLOG_DELAY_SCHEDULER"));

    private static int Read(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0;
}
