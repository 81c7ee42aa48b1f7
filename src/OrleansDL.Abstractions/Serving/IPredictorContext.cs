namespace OrleansDL.Serving;

/// <summary>What a predictor of yours is given.</summary>
public interface IPredictorContext
{
    /// <summary>Folder of the model version's files. Read-only.</summary>
    string ArtifactFolder { get; }

    /// <summary>Folder of its code: the one that <c>predictor.json</c> names, else the same. Read-only.</summary>
    string CodeFolder { get; }

    /// <summary>Name and version of the model, as messages have it.</summary>
    string Model { get; }
}
