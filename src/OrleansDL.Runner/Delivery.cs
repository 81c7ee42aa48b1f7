using System.Net;
using System.Net.Sockets;

namespace OrleansDL.Runner;

/// <summary>Sends until it is heard, or until nobody can hear it.</summary>
internal static class Delivery
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(0.5);

    /// <summary>Repeats while the worker answers with an error of its own; ends the process when the socket is gone or the attempt is over.</summary>
    public static async Task SendAsync(Func<Task> send, TimeProvider time, CancellationToken over = default)
    {
        while (!over.IsCancellationRequested)
        {
            try
            {
                await send();
                return;
            }
            catch (HttpRequestException error) when (error.InnerException is SocketException && error.StatusCode is null)
            {
                ParentWatch.Die($"The worker's socket is gone: {error.InnerException.Message}");
            }
            catch (HttpRequestException error) when (error.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.Gone)
            {
                ParentWatch.Die("The worker says that a newer attempt of this run has begun.");
            }
            catch (OperationCanceledException) when (over.IsCancellationRequested)
            {
                // The training is over, and with it whatever was still being asked.
                return;
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
            {
                Console.Error.WriteLine($"The worker did not take a report and will be asked again: {error.Message}");
                await Task.Delay(RetryAfter, time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
