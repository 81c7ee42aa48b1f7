using System.Text.Json.Serialization;

namespace OrleansDL.Serving;

/// <summary>How ONNX Runtime runs a model, where its configuration says so. Without it a run takes its caller's thread and no other.</summary>
[GenerateSerializer, Immutable, Alias("runtime-settings")]
public sealed record RuntimeSettings
{
    /// <summary>Threads of one operator, 1 to 256; 0: as the runtime chooses.</summary>
    [Id(0)] public int? IntraOpThreads { get; init; }

    /// <summary>Threads over which operators run at the same time, 1 to 256; 0: as the runtime chooses. Counts with <see cref="RunsParallel"/> only.</summary>
    [Id(1)] public int? InterOpThreads { get; init; }

    /// <summary>Whether operators that do not wait for each other run at the same time.</summary>
    [Id(2)] public bool RunsParallel { get; init; }

    /// <summary>Whether memory is kept for the next run; null: as the runtime chooses.</summary>
    [Id(3)] public bool? MemoryArena { get; init; }

    /// <summary>Whether memory is planned from earlier runs of the same shapes; null: as the runtime chooses.</summary>
    [Id(4)] public bool? MemoryPattern { get; init; }

    /// <summary>How far the graph is rewritten: -1 basic, 1 extended, 2 not at all; 0: all the way.</summary>
    [Id(5)] public int GraphLevel { get; init; }

    /// <summary>Entries of the session's configuration (<c>session.*</c>); null: none.</summary>
    [Id(6)] public IReadOnlyDictionary<string, string>? Entries { get; init; }

    /// <summary>Inputs that a request may leave out: those for which the graph has a value to begin with. Null: none.</summary>
    [Id(53), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public IReadOnlyList<string>? OptionalInputs { get; init; }
}
