using System.Globalization;
using System.Text.Json;
using OrleansDL.Training;

namespace OrleansDL.Runner;

/// <summary>What the launcher told this process: the training contract's environment.</summary>
internal sealed record RunnerEnvironment
{
    public required RunnerAssignment Assignment { get; init; }
    public required string DataFolder { get; init; }
    public required string OutputFolder { get; init; }
    public required string CheckpointFolder { get; init; }
    public required string Socket { get; init; }
    public required string Device { get; init; }

    /// <summary>Place among the workers that train the run together, from 0.</summary>
    public required int Rank { get; init; }

    /// <summary>Number of those workers.</summary>
    public required int WorldSize { get; init; }

    /// <summary>Name or address under which the other workers reach this process; null: all are on this machine.</summary>
    public string? Advertise { get; init; }

    /// <param name="of">The value of a variable, null where it is not set. A process that runs several programs is told them one by one.</param>
    /// <exception cref="InvalidException">Something is missing or contradicts itself.</exception>
    public static RunnerEnvironment Read(Func<string, string?> of)
    {
        string Variable(string name) => of(name) is { Length: > 0 } value
            ? value
            : throw new InvalidException($"{name} is not set. This program is started by a worker, under the training contract.");
        var assignment = ReadAssignment(Variable("ODL_SPEC"));
        if (Variable("ODL_RUN") != assignment.Run.ToString() || Variable("ODL_ATTEMPT") != assignment.Attempt.ToString(CultureInfo.InvariantCulture))
        {
            throw new InvalidException($"ODL_RUN and ODL_ATTEMPT are not those of the assignment (run {assignment.Run}, attempt {assignment.Attempt}).");
        }

        // libgomp reads it before the first line of this program: setting it here would be too late.
        var threads = Environment.GetEnvironmentVariable("OMP_NUM_THREADS");
        if (threads != assignment.Spec.Threads.ToString(CultureInfo.InvariantCulture))
        {
            throw new InvalidException(
                $"OMP_NUM_THREADS is '{threads}', but the run asks for {assignment.Spec.Threads} threads. The launcher must set it to {assignment.Spec.Threads} before it starts this process.");
        }

        return new RunnerEnvironment
        {
            Assignment = assignment,
            DataFolder = Variable("ODL_DATA_DIR"),
            OutputFolder = Variable("ODL_OUTPUT_DIR"),
            CheckpointFolder = Variable("ODL_CHECKPOINT_DIR"),
            Socket = Variable("ODL_SOCKET"),
            Device = of("ODL_DEVICE") ?? "cpu",
            Rank = Number("ODL_RANK", of("ODL_RANK"), 0),
            WorldSize = Number("ODL_WORLD_SIZE", of("ODL_WORLD_SIZE"), 1),
            Advertise = of("ODL_ADVERTISE") is { Length: > 0 } advertise ? advertise : null,
        };
    }

    private static RunnerAssignment ReadAssignment(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<RunnerAssignment>(File.ReadAllBytes(path), OdlJson.Options)
                ?? throw new InvalidException("ODL_SPEC names a file that holds null.");
        }
        catch (JsonException error)
        {
            throw new InvalidException($"ODL_SPEC names a file that is no assignment: {error.Message}");
        }
    }

    private static int Number(string name, string? value, int absent) => value switch
    {
        null or "" => absent,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        var text => throw new InvalidException($"{name} is '{text}', which is no number."),
    };
}
