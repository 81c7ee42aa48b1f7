namespace OrleansDL.Training;

/// <summary>Writes checkpoints on a thread of its own: training goes on while the disk works.</summary>
internal sealed class CheckpointWriter(string folder, CheckpointBuffer buffer, Action<long, string>? written)
{
    private Task _writing = Task.CompletedTask;

    /// <summary>Whether the one before is done; one that failed shows here.</summary>
    public bool IsFree
    {
        get
        {
            if (_writing.IsFaulted)
            {
                Finish();
            }

            return _writing.IsCompleted;
        }
    }

    /// <summary>Copies what is to be written, and returns when training may change it.</summary>
    public void Begin(long step, IReadOnlyDictionary<string, string> metadata)
    {
        Finish();
        buffer.Take(metadata);
        _writing = Task.Factory.StartNew(
            () =>
            {
                var path = Path.Combine(folder, $"checkpoint-{step}.safetensors");
                AtomicFile.Write(path, buffer.WriteTo);
                written?.Invoke(step, path);
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    /// <summary>Waits for the one being written. The training thread is its own, so waiting blocks nobody.</summary>
    public void Finish()
    {
        ((IAsyncResult)_writing).AsyncWaitHandle.WaitOne();
        if (_writing.Exception is { } error)
        {
            _writing = Task.CompletedTask;
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error.InnerException!);
        }
    }
}
