using System.ComponentModel.DataAnnotations;

namespace OrleansDL.Serving.SharedMemory;

/// <summary>Whether tensors may lie in shared memory of clients on this machine, section <c>Serving:SharedMemory</c>.</summary>
internal sealed class SharedMemoryOptions
{
    public const string Section = "Serving:SharedMemory";

    /// <summary>Off unless told: whoever may register a region makes the server read and write files in <c>/dev/shm</c> with the server's rights.</summary>
    public bool Enabled { get; set; }

    /// <summary>Regions a project may have registered at once; each holds a file open.</summary>
    [Range(1, 65_536)]
    public int MaximumRegions { get; set; } = 256;

    /// <summary>Most bytes of a request's inputs in shared memory, which the server copies.</summary>
    [Range(1024, int.MaxValue)]
    public int MaximumRequestBytes { get; set; } = 1024 * 1024 * 1024;

    /// <summary>
    /// What keys must begin with, after their slash; <c>{project}</c> in it is the project's name. Empty: anything. With clients that must not reach each other's
    /// memory, such as <c>{project}~</c>: no project's name has that character.
    /// </summary>
    [RegularExpression("[^/]*")]
    public string KeyPrefix { get; set; } = "";
}
