using System.Globalization;
using OrleansDL.Training;

namespace MyTraining;

/// <summary>Fits the mean of a table's first column, by steps towards it.</summary>
public sealed class Training : ITrainingProgram
{
    private const int Steps = 100;

    public async Task<bool> RunAsync(ITrainingContext context, CancellationToken stop)
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(context.DataFolder, context.Assignment.Files[0].Path), CancellationToken.None);
        var values = lines.Skip(1).Select(line => double.Parse(line.Split(',')[0], CultureInfo.InvariantCulture)).ToArray();
        var (step, mean) = await ReadAsync(context.Checkpoint);
        while (step < Steps)
        {
            if (stop.IsCancellationRequested || context.TakeCheckpointRequest())
            {
                await SaveAsync(context, step, mean);
                if (stop.IsCancellationRequested)
                {
                    return false;
                }
            }

            mean += 0.1 * (values.Average() - mean);
            step++;
            context.Metric("train.loss", step, values.Average(value => (value - mean) * (value - mean)));
            context.Progress(step, Steps);
        }

        await File.WriteAllTextAsync(Path.Combine(context.OutputFolder, "mean.txt"), mean.ToString("R", CultureInfo.InvariantCulture), CancellationToken.None);
        return true;
    }

    private static async Task SaveAsync(ITrainingContext context, int step, double mean)
    {
        var path = Path.Combine(context.CheckpointFolder, $"step-{step}");
        await File.WriteAllTextAsync(path, string.Create(CultureInfo.InvariantCulture, $"{step} {mean:R}"));
        context.CheckpointReady(step, path);
    }

    private static async Task<(int Step, double Mean)> ReadAsync(string? checkpoint)
    {
        if (checkpoint is null)
        {
            return (0, 0);
        }

        var parts = (await File.ReadAllTextAsync(checkpoint)).Split(' ');
        return (int.Parse(parts[0], CultureInfo.InvariantCulture), double.Parse(parts[1], CultureInfo.InvariantCulture));
    }
}
