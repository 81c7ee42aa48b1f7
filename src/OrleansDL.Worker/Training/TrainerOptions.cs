using System.ComponentModel.DataAnnotations;

namespace OrleansDL.Training;

/// <summary>How a worker treats the programs it runs.</summary>
internal sealed class TrainerOptions
{
    /// <summary>Folder for the files of running attempts; null for <c>work</c> in the data folder. Emptied at start.</summary>
    public string? WorkDirectory { get; set; }

    /// <summary>The training program: an assembly (<c>.dll</c>) or an executable. Null for the built-in trainers beside the worker.</summary>
    public string? Program { get; set; }

    /// <summary>Processes of the built-in trainers that wait for the next program of their project: at most this many, and at most the worker's
    /// slots. 0: every attempt starts its own. Null: the slots on a CPU, none on a GPU, whose memory they would hold.</summary>
    [Range(0, 10_000)]
    public int? WarmRunners { get; set; }

    /// <summary>How many of them are started with the worker, before there is anything to run. They are for runs of one thread.</summary>
    [Range(0, 10_000)]
    public int PrewarmedRunners { get; set; }

    /// <summary>How long a process waits for its next program.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan WarmRunnerIdle { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>A process that holds more memory than this after a program gets no other; default 1 GiB.</summary>
    [Range(0, long.MaxValue)]
    public long WarmRunnerMemoryBytes { get; set; } = 1L << 30;

    /// <summary>How many programs a process runs before another takes its place.</summary>
    [Range(1, int.MaxValue)]
    public int WarmRunnerPrograms { get; set; } = 100;

    /// <summary>How long a program that is told to leave may take to write its checkpoint.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan Grace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a program goes on while its run cannot be reached: longer than that, another attempt may have begun.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan ControlAway { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Folder of the machine's shard cache, which all its workers share; null for <c>shards</c> in the data folder. Used only for
    /// shards that cannot be linked to where the blob store has them: a store on another disk.</summary>
    public string? ShardCacheDirectory { get; set; }

    /// <summary>Bytes the shard cache may take; default 20 GiB. Shards of running runs are not evicted, so it takes more while they need more.</summary>
    [Range(0, long.MaxValue)]
    public long ShardCacheBytes { get; set; } = 20L << 30;

    /// <summary>The program that makes sandboxes; null: <c>bwrap</c> where the system has it.</summary>
    public string? Bubblewrap { get; set; }

    /// <summary>Whether control groups are used for the limits of user code, where they can be.</summary>
    public bool Cgroups { get; set; } = true;

    /// <summary>Files and folders of this machine that user code may read besides the system's programs and libraries, for example a
    /// Python environment.</summary>
    public IList<string> ReadOnlyPaths { get; } = [];
}
