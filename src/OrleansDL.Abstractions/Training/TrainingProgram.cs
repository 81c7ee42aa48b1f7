namespace OrleansDL.Training;

/// <summary>What a run does with its dataset.</summary>
public enum TrainingProgram
{
    /// <summary>Trains the network and leaves a model artifact.</summary>
    Train = 0,

    /// <summary>Judges a model version on every row of the dataset and leaves metrics.</summary>
    Evaluate = 1,

    /// <summary>Executes code of yours in a sandbox.</summary>
    Code = 2,
}
