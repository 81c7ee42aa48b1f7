namespace OrleansDL.Serving;

/// <summary>Which versions a deployment serves at the same time. It follows the model: a version registered later is served as soon as the policy names it.</summary>
[GenerateSerializer, Immutable, Alias("version-policy")]
public sealed record VersionPolicy
{
    [Id(0)] public VersionPolicyKind Kind { get; init; }

    /// <summary>How many of the newest, 1 to 64; for <see cref="VersionPolicyKind.Latest"/>.</summary>
    [Id(1)] public int Count { get; init; } = 1;

    /// <summary>The versions, 1 to 64 of them; for <see cref="VersionPolicyKind.Specific"/>.</summary>
    [Id(2)] public IReadOnlyList<long> Versions { get; init; } = [];
}
