using OrleansDL.Serving;

namespace OrleansDL.Predictors;

/// <summary>A model in a process of isolated models, and what is to be done to have it again in another.</summary>
/// <param name="spec">The generation it is.</param>
/// <param name="folder">Where its files lie.</param>
/// <param name="limit">How long one execution may take.</param>
internal sealed class HostedModel(ReplicaSpec spec, string folder, TimeSpan limit)
{
    private long _answerBytes;

    public ReplicaSpec Spec => spec;

    public string Folder => folder;

    public TimeSpan Limit => limit;

    /// <summary>How long answers wait for a reader that takes none: it may have ended with its node.</summary>
    public TimeSpan ReaderPatience { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>What messages call it.</summary>
    public string Name { get; } = $"{spec.ModelName}@{spec.ModelVersion}";

    /// <summary>What it takes and gives, once it was loaded.</summary>
    public HostedFacts Facts { get; set; } = null!;

    /// <summary>Why it could not be loaded again; null: it was.</summary>
    public string? Error { get; set; }

    /// <summary>How often the process ended while it was being loaded.</summary>
    public int LoadCrashes { get; set; }

    /// <summary>Requests that it is answering any number of times; none, ever, where it is not decoupled.</summary>
    public OpenStreams Streams { get; } = new();

    /// <summary>Room that its last answer took.</summary>
    public long AnswerBytes
    {
        get => Volatile.Read(ref _answerBytes);
        set => Volatile.Write(ref _answerBytes, value);
    }
}
