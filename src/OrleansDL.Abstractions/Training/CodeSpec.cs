namespace OrleansDL.Training;

/// <summary>code: the program of yours that a run executes, and what it may use.</summary>
[GenerateSerializer, Immutable, Alias("code-spec")]
public sealed record CodeSpec
{
    /// <summary>Code reference, <c>name</c> (newest), <c>name@3</c> or <c>name@sha256:...</c>; resolved when the run is created.</summary>
    [Id(0)] public required string Reference { get; init; }

    /// <summary>What is executed and its arguments, 1 to 256 of them, for example <c>["python3", "train.py"]</c>. A program of the code is
    /// named by its path in it, <c>./train.sh</c>. Not with <see cref="Assembly"/>.</summary>
    [Id(1)] public IReadOnlyList<string>? Command { get; init; }

    /// <summary>The .NET assembly, a path in the code, that holds the one <see cref="ITrainingProgram"/> to run. Not with <see cref="Command"/>.</summary>
    [Id(2)] public string? Assembly { get; init; }

    /// <summary>Variables of its environment. Names beginning with <c>ODL_</c> are ours.</summary>
    [Id(3)] public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>Secrets of the project it gets as variables of those names. It gets no other.</summary>
    [Id(4)] public IReadOnlyList<string>? Secrets { get; init; }

    /// <summary>What it may use; null: the defaults.</summary>
    [Id(5)] public CodeLimits? Limits { get; init; }

    /// <summary>Seconds between SIGTERM and SIGKILL, 0 to 600.</summary>
    [Id(6)] public double GraceSeconds { get; init; } = 10;

    /// <summary>What lies in <c>ODL_DATA_DIR</c>: <c>files</c> (the version's files as committed) or <c>shards</c> (its rows as MDS shards).</summary>
    [Id(7)] public string Data { get; init; } = "files";
}
