namespace OrleansDL.Training.Sandbox;

/// <summary>One attempt of user code: who it is, what it may use, and what it is given.</summary>
internal sealed record SandboxPlan
{
    public required Guid Run { get; init; }
    public required int Attempt { get; init; }
    public required AttemptFolder Folder { get; init; }

    /// <summary>Folder of what is read as data.</summary>
    public required string Data { get; init; }

    /// <summary>The socket of this attempt.</summary>
    public required string Socket { get; init; }
    public required string Device { get; init; }
    public required int Threads { get; init; }
    public required CodeSpec Code { get; init; }

    /// <summary>Secrets it asked for, by name.</summary>
    public IReadOnlyDictionary<string, string> Secrets { get; init; } = new Dictionary<string, string>();

    /// <summary>Files and folders of this machine it may read besides the system's programs and libraries.</summary>
    public IReadOnlyList<string> ReadOnly { get; init; } = [];

    /// <summary>Whether the worker and other runs come first where processors are short.</summary>
    public bool StepsBack { get; init; } = true;

    public CodeLimits Limits => Code.Limits ?? new CodeLimits();

    public double Cpus => Limits.Cpus ?? Threads;

    public uint User => SandboxUser.Of(Run, Attempt);
}
