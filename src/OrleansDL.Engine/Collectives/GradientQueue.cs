using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace OrleansDL.Collectives;

/// <summary>Adds up parts of the gradients over all ranks on a thread of its own, in the order in which backward makes them, while it makes the next.</summary>
internal sealed class GradientQueue : IDisposable
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private readonly Ring _ring;
    private readonly BlockingCollection<(torch.Tensor Gradients, long From, long To)> _parts = [];
    private readonly ManualResetEventSlim _idle = new(true);
    private readonly Lock _lock = new();
    private readonly Thread _thread;
    private ExceptionDispatchInfo? _error;
    private int _waiting;

    public GradientQueue(Ring ring)
    {
        _ring = ring;
        _thread = new Thread(Run) { IsBackground = true, Name = "exchange gradients" };
        _thread.Start();
    }

    /// <summary>Takes the values from one place up to another. Nobody may touch them until <see cref="Wait"/> returns.</summary>
    public void Add(torch.Tensor gradients, long from, long to)
    {
        lock (_lock)
        {
            _waiting++;
            _idle.Reset();
        }

        _parts.Add((gradients, from, to));
    }

    /// <summary>Waits until all that was taken is added up.</summary>
    /// <exception cref="GroupLostException">A rank was lost.</exception>
    public void Wait()
    {
        _idle.Wait();
        _error?.Throw();
    }

    public void Dispose()
    {
        // A group that broke has closed its connections, so that nothing is waited for on them.
        _parts.CompleteAdding();
        if (_thread.Join(EndLimit))
        {
            _parts.Dispose();
            _idle.Dispose();
        }
    }

    private void Run()
    {
        foreach (var (gradients, from, to) in _parts.GetConsumingEnumerable())
        {
            try
            {
                if (_error is null)
                {
                    _ring.Sum(MemoryMarshal.Cast<byte, float>(gradients.bytes)[(int)from..(int)to]);
                }
            }
            catch (Exception error)
            {
                // Told to whoever waits; what comes after it has no meaning any more.
                _error = ExceptionDispatchInfo.Capture(error);
            }

            lock (_lock)
            {
                if (--_waiting == 0)
                {
                    _idle.Set();
                }
            }
        }
    }
}
