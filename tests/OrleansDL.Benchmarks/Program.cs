using OrleansDL.Benchmarks;
using OrleansDL.Benchmarks.Bare;
using OrleansDL.Benchmarks.Collectives;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Benchmarks.Reading;
using OrleansDL.Benchmarks.Scheduling;
using OrleansDL.Benchmarks.Serving;
using OrleansDL.Benchmarks.Training;

// list | NAME... | all [--json] [--full]
var full = args.Contains("--full");
IBenchmark[] benchmarks =
[
    new TrainSamples(),
    new TrainFamily("mlp"),
    new TrainFamily("cnn"),
    new TrainFamily("encoder"),
    new TrainMemory(),
    new TrainHalf("mlp"),
    new TrainHalf("cnn"),
    new TrainHalf("encoder"),
    new Dropout(),
    new AllReduce(),
    new TrainParallel(),
    new TrialFirstStep(),
    new TrialThroughput(),
    new PredictTiny(),
    new PredictTinyRpc(),
    new PredictBatching(),
    new BatchingLate(),
    new ServeGoodput(),
    new ServeSwap(),
    new ServeKill(),
    new ServeOverhead("json"),
    new ServeOverhead("binary"),
    new ServeOverhead("grpc"),
    new ServeNumbers(),
    new ServeEfficiency(10, goal: 0.97),
    new ServeEfficiency(50, goal: 0.99),
    new ServeEnsemble(),
    new ServeIsolated("tiny", 16, isBoxed: false),
    new ServeIsolated("tiny.sandbox", 16, isBoxed: true),
    new ServeIsolated("1mb", 262_144, isBoxed: false),
    new JsonNumbers(),
    new ServeMany(full),
    new UploadFiles(),
    new BlobPack(),
    new BlobRead(),
    new BlobImport(),
    new StartReady(),
    new ReadStream(),
    new ReadHttp(),
    new ReadHttpSamples(),
    new ReadFashion(),
    new ReadTen(),
    new DatasetCommit(),
    new DatasetDiff(),
    new SchedulerSim(0.9, slowdown: false),
    new SchedulerSim(0.9, slowdown: true),
    new SchedulerSim(1.2, slowdown: false),
    new SchedulerSim(1.2, slowdown: true),
    new PushFiles(small: false, unchanged: false, full), new PushFiles(small: false, unchanged: true, full),
    new PushFiles(small: true, unchanged: false, full), new PushFiles(small: true, unchanged: true, full),
    new PushFiles(small: false, unchanged: false, full, PushLimit.Disk), new PushFiles(small: true, unchanged: false, full, PushLimit.Disk),
    new PushFiles(small: false, unchanged: false, full, PushLimit.Wire), new PushFiles(small: true, unchanged: false, full, PushLimit.Wire),
];

if (args is ["bare", "host"])
{
    await BareHost.RunAsync(static _ => Task.CompletedTask);
    return 0;
}

if (args is ["bare", "upload", var target])
{
    await BareUpload.RunAsync(target);
    return 0;
}

if (args is ["bare", "predict", var model])
{
    await BarePredict.RunAsync(model);
    return 0;
}

if (args is ["bare", "rpc", var called])
{
    await BareRpc.RunAsync(called);
    return 0;
}

if (args is ["bare", "allreduce", var folder, var rank, var size, var floats, var repetitions])
{
    var culture = System.Globalization.CultureInfo.InvariantCulture;
    AllReduceRank.Run(folder, int.Parse(rank, culture), int.Parse(size, culture), int.Parse(floats, culture), int.Parse(repetitions, culture));
    return 0;
}

if (args is ["bare", "parallel", var meeting, var worker, var workers])
{
    var culture = System.Globalization.CultureInfo.InvariantCulture;
    ParallelRank.Run(meeting, int.Parse(worker, culture), int.Parse(workers, culture));
    return 0;
}

if (args is ["bare", "engine", var trained])
{
    EngineLoop.Run(trained);
    return 0;
}

if (args is ["bare", "half", var halved])
{
    EngineLoop.Run(halved, precision: "bf16");
    return 0;
}

if (args is ["bare", "memory", var watched, var watchedSteps])
{
    EngineMemory.Run(watched, long.Parse(watchedSteps, System.Globalization.CultureInfo.InvariantCulture));
    return 0;
}

if (args is ["bare", "loop", var looped])
{
    BareLoop.Run(looped);
    return 0;
}

if (args is ["bare", "train"])
{
    BareTraining.Run();
    return 0;
}

var json = args.Contains("--json");
var names = args.Where(argument => !argument.StartsWith('-')).ToList();
if (names is [] or ["list"])
{
    foreach (var benchmark in benchmarks)
    {
        Console.WriteLine($"{benchmark.Name} ({benchmark.Unit}{(benchmark.Goal is { } goal ? $", goal {goal}" : "")})");
    }

    return 0;
}

var unknown = names.Where(name => name != "all" && benchmarks.All(benchmark => benchmark.Name != name)).ToList();
if (unknown is not [])
{
    await Console.Error.WriteLineAsync($"There is no benchmark '{string.Join("', '", unknown)}'. 'list' names them all.");
    return 64;
}

var rows = new List<Row>();
foreach (var benchmark in benchmarks.Where(benchmark => names.Contains("all") || names.Contains(benchmark.Name)))
{
    rows.Add(Row.Of(benchmark, await benchmark.RunAsync()));
}

Report.Print(rows, json);
return 0;
