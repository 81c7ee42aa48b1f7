namespace OrleansDL.Models;

/// <summary>What a model that is being deleted remembers, should it be interrupted.</summary>
internal sealed record ModelDeletion(long LatestVersion);
