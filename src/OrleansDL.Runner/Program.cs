using System.Runtime.InteropServices;
using OrleansDL;
using OrleansDL.Collectives;
using OrleansDL.Inference;
using OrleansDL.Runner;
using OrleansDL.Runner.Predictors;
using OrleansDL.Training;

// The built-in training program: one attempt of one run, under the training contract (docs/architecture.md).
// With the argument "wait" it runs one after another, as it is told on stdin, until one does not end well.
// With "serve" it trains nothing, but hosts models for its worker.
ParentWatch.Start();
using var asked = ThreadStacks.OnSignal();
return args switch
{
    [WaitingRunner.Argument] => await WaitingRunner.RunAsync(of => EndAsync(() => RunAsync(RunnerEnvironment.Read(of)))),
    [PredictorServer.Argument] => await EndAsync(() => PredictorServer.RunAsync(Environment.GetEnvironmentVariable)),
    _ => await EndAsync(() => RunAsync(RunnerEnvironment.Read(Environment.GetEnvironmentVariable))),
};

static async Task<int> EndAsync(Func<Task<int>> run)
{
    try
    {
        return await run();
    }
    catch (GroupLostException error)
    {
        // The run goes on from its last checkpoint with whoever is left.
        await Console.Error.WriteLineAsync(error.Message);
        return ExitCodes.TryAgain;
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
}

static async Task<int> RunAsync(RunnerEnvironment environment)
{
    var time = TimeProvider.System;
    using var worker = new WorkerSocket(environment.Socket);
    var reporter = new Reporter(worker, environment.Assignment.Attempt, time);
    var checkpoints = new Checkpoints(worker, time);
    using var stopping = new CancellationTokenSource();
    var companions = new Companions(environment, worker, time);
    var gang = companions.Gang();

    // What a run of several workers measures is told once, by rank 0.
    var hooks = new TrainingHooks
    {
        Progressed = environment.Rank == 0 ? reporter.Progress : null,
        Logged = environment.Rank == 0 ? reporter.Log : line => reporter.Log($"[rank {environment.Rank}] {line}"),
        Checkpointed = checkpoints.Written,
        Stopped = stopping.Cancel,
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
        if (environment.Assignment.Spec.Program is TrainingProgram.Code)
        {
            var program = Plugin.Load(environment.Assignment);
            return await program.RunAsync(new PluginContext(environment, reporter, checkpoints, hooks, time), stopping.Token) ? ExitCodes.Done : ExitCodes.TryAgain;
        }

        var end = await Task.Factory.StartNew(
            () => Train(environment, hooks, time, gang), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return end is TrainingEnd.Done ? ExitCodes.Done : ExitCodes.TryAgain;
    }
    finally
    {
        companions.End();
        await checkpoints.CompleteAsync();
        reporter.Complete();
        await reporting;
        await over.CancelAsync();
        await listening;
    }
}

static TrainingEnd Train(RunnerEnvironment environment, TrainingHooks hooks, TimeProvider time, Gang? gang) => environment.Assignment.Spec.Program switch
{
    TrainingProgram.Evaluate => EvaluationJob.Run(environment.Assignment, environment.DataFolder, environment.OutputFolder, hooks, time),
    _ => TrainingJob.Run(
        environment.Assignment, environment.DataFolder, environment.OutputFolder, environment.CheckpointFolder, environment.Device, hooks, time, gang),
};
