using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving.Repository;

/// <summary>Loads the repository's models when the server has started, and in poll mode follows the folder from then on.</summary>
internal sealed partial class RepositoryStart(
    ModelRepository repository, IHostApplicationLifetime lifetime, TimeProvider time, IOptions<RepositoryOptions> options, ILogger<RepositoryStart> logger) : BackgroundService
{
    /// <summary>A model's registration mostly waits for the database, so others go on beside it.</summary>
    private const int LoadsAtOnce = 8;
    private readonly RepositoryOptions _options = options.Value;
    private readonly Dictionary<string, string> _seen = new(StringComparer.Ordinal);
    private volatile bool _over;
    private volatile bool _failed;

    /// <summary>Whether what was to be loaded at start is, or under lax readiness was at least tried.</summary>
    public bool IsReady => _options.Directory is null || (_over && !(_failed && _options.StrictReadiness));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_options.Directory is not { } folder)
        {
            return;
        }

        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
        if (!Directory.Exists(folder))
        {
            LogNoFolder(folder);
            _failed = true;
        }

        var known = List(folder) ?? [];
        IReadOnlyList<string> wanted = _options.ControlMode is not ModelControlMode.Explicit || _options.Load.Contains("*") ? known : [.. _options.Load];
        foreach (var model in _options.ControlMode is ModelControlMode.Poll ? wanted : [])
        {
            Remember(folder, model);
        }

        await Parallel.ForEachAsync(wanted, new ParallelOptions { MaxDegreeOfParallelism = LoadsAtOnce, CancellationToken = stoppingToken }, async (model, cancel) =>
        {
            if (!await TryAsync(model, () => repository.LoadAsync(_options.Project, model, LoadRequest.AtStart, cancel), stoppingToken))
            {
                _failed = true;
            }
        });
        _over = true;
        if (_options.ControlMode is ModelControlMode.Poll)
        {
            await PollAsync(folder, stoppingToken);
        }
    }

    private async Task PollAsync(string folder, CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_options.PollInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (List(folder) is not { } known)
            {
                continue;
            }

            foreach (var model in known)
            {
                var before = _seen.GetValueOrDefault(model);
                Remember(folder, model);
                if (_seen.GetValueOrDefault(model) != before)
                {
                    await TryAsync(model, () => repository.LoadAsync(_options.Project, model, LoadRequest.Plain, stoppingToken), stoppingToken);
                }
            }

            foreach (var model in _seen.Keys.Except(known).ToList())
            {
                _seen.Remove(model);
                await TryAsync(model, () => repository.UnloadAsync(_options.Project, model), stoppingToken);
            }
        }
    }

    /// <summary>The folder's models; null when it is away or cannot be read, which is no reason to unload what it had.</summary>
    private IReadOnlyList<string>? List(string folder)
    {
        try
        {
            return Directory.Exists(folder) ? ModelFolder.List(folder) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogNotRead(folder, error);
            return null;
        }
    }

    /// <summary>Files are seen as they were before they were read: what changes meanwhile is seen the next time.</summary>
    private void Remember(string folder, string model)
    {
        try
        {
            _seen[model] = ModelFolder.Fingerprint(folder, model);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogNotLoaded(model, error);
        }
    }

    private async Task<bool> TryAsync(string model, Func<Task> change, CancellationToken stoppingToken)
    {
        try
        {
            await change();
            return true;
        }
        catch (InferenceProtocolException)
        {
            // Told by the repository, and shown in its index.
            return false;
        }
        catch (Exception error) when (!stoppingToken.IsCancellationRequested)
        {
            LogNotLoaded(model, error);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Error, "The model repository {Folder} is no folder; nothing was loaded from it")]
    private partial void LogNoFolder(string folder);

    [LoggerMessage(LogLevel.Warning, "The model repository {Folder} cannot be read; what was loaded from it stays")]
    private partial void LogNotRead(string folder, Exception exception);

    [LoggerMessage(LogLevel.Error, "Model {Model} of the repository could not be loaded or unloaded")]
    private partial void LogNotLoaded(string model, Exception exception);
}
