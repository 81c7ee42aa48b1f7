namespace OrleansDL.Training;

/// <summary>A training program of yours in .NET: a public class with a constructor without parameters, one in its assembly.</summary>
public interface ITrainingProgram
{
    /// <summary>Runs one attempt. What it leaves in the output folder is the run's artifact; an exception fails the run, its text the reason.</summary>
    /// <param name="context">What it is given, and whom it tells.</param>
    /// <param name="stop">Set when the program is to leave: write a checkpoint, return false.</param>
    /// <returns>True: done. False: it left before its end, and goes on from its last checkpoint in another attempt.</returns>
    Task<bool> RunAsync(ITrainingContext context, CancellationToken stop);
}
