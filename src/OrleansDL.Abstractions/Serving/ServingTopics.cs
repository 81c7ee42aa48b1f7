namespace OrleansDL.Serving;

/// <summary>Topics of the notices that nodes tell each other about models on demand.</summary>
public static class ServingTopics
{
    /// <summary>What a worker has loaded: a <see cref="ModelHostNotice"/>.</summary>
    public const string Hosts = "models.hosts";

    /// <summary>What could not be loaded: a <see cref="ModelFailure"/>.</summary>
    public const string Failures = "models.failures";
}
