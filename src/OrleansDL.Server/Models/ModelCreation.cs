namespace OrleansDL.Models;

/// <summary>What a model that is being created remembers, should it be interrupted.</summary>
internal sealed record ModelCreation(string Project, ModelSpec Spec);
