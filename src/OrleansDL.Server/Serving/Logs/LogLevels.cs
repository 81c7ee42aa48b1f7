namespace OrleansDL.Serving.Logs;

/// <summary>What this server logs, as the inference protocol's log settings say it.</summary>
internal sealed record LogLevels
{
    public static LogLevels AsConfigured { get; } = new();

    public bool Information { get; init; } = true;

    public bool Warnings { get; init; } = true;

    /// <summary>Errors, and what is worse.</summary>
    public bool Errors { get; init; } = true;

    /// <summary>0: nothing finer than information; 1: what helps to find out why; more: every step.</summary>
    public uint Verbose { get; init; }

    /// <summary>Whether each line begins with date and time by ISO 8601, rather than as the console was set up.</summary>
    public bool Dated { get; init; }

    public const string DefaultFormat = "default";
    public const string DatedFormat = "ISO8601";

    public string Format => Dated ? DatedFormat : DefaultFormat;
}
