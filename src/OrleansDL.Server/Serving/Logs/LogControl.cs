using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace OrleansDL.Serving.Logs;

/// <summary>Changes what this process logs while it runs: it is laid over the configured filters and console, and gone after a restart.</summary>
internal sealed class LogControl :
    IPostConfigureOptions<LoggerFilterOptions>, IOptionsChangeTokenSource<LoggerFilterOptions>,
    IPostConfigureOptions<SimpleConsoleFormatterOptions>, IOptionsChangeTokenSource<SimpleConsoleFormatterOptions>, IDisposable
{
    private const string OwnCategories = "OrleansDL";
    private const string IsoTimestamp = "yyyy-MM-dd'T'HH:mm:ss.fffzzz' '";
    private readonly Lock _gate = new();
    private volatile LogLevels _current = LogLevels.AsConfigured;
    private CancellationTokenSource _changed = new();

    public LogLevels Current => _current;

    string? IOptionsChangeTokenSource<LoggerFilterOptions>.Name => Options.DefaultName;

    string? IOptionsChangeTokenSource<SimpleConsoleFormatterOptions>.Name => Options.DefaultName;

    /// <summary>From the next message on.</summary>
    /// <param name="change">Makes the new levels of the ones that hold.</param>
    public LogLevels Change(Func<LogLevels, LogLevels> change)
    {
        CancellationTokenSource before;
        LogLevels levels;
        lock (_gate)
        {
            _current = levels = change(_current);
            (before, _changed) = (_changed, new CancellationTokenSource());
        }

        before.Cancel();
        before.Dispose();
        return levels;
    }

    public IChangeToken GetChangeToken()
    {
        lock (_gate)
        {
            return new CancellationChangeToken(_changed.Token);
        }
    }

    public void Dispose() => _changed.Dispose();

    public void PostConfigure(string? name, LoggerFilterOptions options)
    {
        var levels = _current;
        if (levels == LogLevels.AsConfigured)
        {
            return;
        }

        // Of the rules for a message one alone counts, so each has to say it; the first stands for what no rule names.
        var rules = options.Rules.Select(rule => Over(rule, levels)).ToList();
        options.Rules.Clear();
        options.Rules.Add(Over(new LoggerFilterRule(null, null, options.MinLevel, null), levels));
        rules.ForEach(options.Rules.Add);
        if (levels.Verbose > 0)
        {
            options.MinLevel = LogLevel.Trace;
            options.Rules.Add(Over(new LoggerFilterRule(null, OwnCategories, levels.Verbose > 1 ? LogLevel.Trace : LogLevel.Debug, null), levels));
        }
    }

    public void PostConfigure(string? name, SimpleConsoleFormatterOptions options)
    {
        if (_current.Dated)
        {
            options.TimestampFormat = IsoTimestamp;
        }
    }

    private static LoggerFilterRule Over(LoggerFilterRule rule, LogLevels levels) => new(
        rule.ProviderName, rule.CategoryName, rule.LogLevel,
        (provider, category, level) => Allows(levels, level) && (rule.Filter is null || rule.Filter(provider, category, level)));

    private static bool Allows(LogLevels levels, LogLevel level) => level switch
    {
        LogLevel.Information => levels.Information,
        LogLevel.Warning => levels.Warnings,
        LogLevel.Error or LogLevel.Critical => levels.Errors,
        _ => true,
    };
}
