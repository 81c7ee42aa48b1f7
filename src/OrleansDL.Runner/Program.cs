using System.Runtime.InteropServices;
using OrleansDL;
using OrleansDL.Inference;
using OrleansDL.Runner;
using OrleansDL.Training;

// The built-in training program: one attempt of one run, under the training contract (docs/architecture.md).
ParentWatch.Start();
try
{
    return await RunAsync(RunnerEnvironment.Read());
}
catch (OrleansDLException error)
{
    // What the user can act on; a stack would only hide it.
    await Console.Error.WriteLineAsync(error.Message);
    return ExitCodes.Failed;
}
catch (Exception error)
{
    await Console.Error.WriteLineAsync(error.ToString());
    return ExitCodes.Of(error);
}

static async Task<int> RunAsync(RunnerEnvironment environment)
{
    var time = TimeProvider.System;
    using var worker = new WorkerSocket(environment.Socket);
    var reporter = new Reporter(worker, environment.Assignment.Attempt, time);
    var checkpoints = new Checkpoints(worker, time);
    var hooks = new TrainingHooks
    {
        Progressed = reporter.Progress,
        Logged = reporter.Log,
        Checkpointed = checkpoints.Written,
    };
    using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
    {
        signal.Cancel = true;
        hooks.Stop();
    });
    var reporting = reporter.RunAsync();
    using var over = new CancellationTokenSource();
    var listening = Control.ListenAsync(worker, hooks, time, over.Token);
    try
    {
        var end = await Task.Factory.StartNew(
            () => Train(environment, hooks, time), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return end is TrainingEnd.Done ? ExitCodes.Done : ExitCodes.TryAgain;
    }
    finally
    {
        await checkpoints.CompleteAsync();
        reporter.Complete();
        await reporting;
        await over.CancelAsync();
        await listening;
    }
}

static TrainingEnd Train(RunnerEnvironment environment, TrainingHooks hooks, TimeProvider time) => environment.Assignment.Spec.Program switch
{
    TrainingProgram.Evaluate => EvaluationJob.Run(environment.Assignment, environment.DataFolder, environment.OutputFolder, hooks, time),
    _ => TrainingJob.Run(
        environment.Assignment, environment.DataFolder, environment.OutputFolder, environment.CheckpointFolder, environment.Device, hooks, time),
};
