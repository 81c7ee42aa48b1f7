namespace OrleansDL.Demo;

/// <summary>Writers that go on asking while the model behind the deployment changes.</summary>
internal sealed class Traffic : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _writers;
    private long _newest;

    public Traffic(DigitsModel model, IReadOnlyList<Digit> digits, int writers, ServedCount served, TimeProvider time)
    {
        _writers = [.. Enumerable.Range(0, writers).Select(writer => WriteAsync(model, digits, writer * digits.Count / writers, served, time))];
    }

    /// <summary>The newest version that has answered.</summary>
    public long Newest => Interlocked.Read(ref _newest);

    /// <summary>Answers of an older version after a newer one had answered the same writer.</summary>
    public int SteppedBack { get; private set; }

    /// <summary>What the first failed request said.</summary>
    public string? FirstFailure { get; private set; }

    /// <summary>Lets requests under way finish, and waits for them.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_writers);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task WriteAsync(DigitsModel model, IReadOnlyList<Digit> digits, int at, ServedCount served, TimeProvider time)
    {
        await Task.Yield();
        long seen = 0;
        while (!_stop.IsCancellationRequested)
        {
            var digit = digits[at++ % digits.Count];
            try
            {
                // Never cancelled: a request once sent counts, whatever becomes of it.
                var (label, version) = await model.AskAsync(digit, CancellationToken.None);
                served.Answered(label == digit.Label);
                if (version < seen)
                {
                    lock (_stop)
                    {
                        SteppedBack++;
                    }
                }

                seen = version;
                if (version > Newest)
                {
                    Interlocked.Exchange(ref _newest, version);
                }
            }
            catch (OrleansDLException e)
            {
                served.Lost();
                FirstFailure ??= e.Message;
            }

            await Task.Delay(Pause, time);
        }
    }
}
